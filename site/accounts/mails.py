"""Puts the mails about accounts into the outbox, each in the language of whom it is for."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urljoin
from uuid import uuid4
from zoneinfo import ZoneInfo

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import override

from accounts.letters import LETTERS, Letter
from accounts.models import User
from core import clock, dates, languages
from core.emailkeys import one_spelling
from mail.models import Message
from mail.rendering import render_words
from mail.services import enqueue_prepared

KIND = "account"


def enqueue_letter(*, name: str, to: str, facts: Mapping[str, Any]) -> Message:
    """Ask for the letter of this name; `facts` are what allauth knows (code, user, timestamp, ip, addresses).

    The words are written now: a code lives in the visitor's session only, so nothing could write them later.
    Whoever has no account is written to in the language of the page. Raises KeyError for an unknown letter.
    """
    letter = LETTERS[name]
    person = facts.get("user") or User.objects.filter(email=one_spelling(to)).first()
    language = person.language if person else languages.current()
    with override(language):
        context = _context(letter, facts, person)
    text, html = render_words("mail/account", context, language=language)
    return enqueue_prepared(
        key=f"account:{name.rsplit('/', 1)[-1]}:{uuid4().hex}",
        kind=KIND,
        to=to,
        to_name=person.display_name if person else "",
        person=person,
        language=language,
        subject=context["subject"],
        text=text,
        html=html,
        is_secret="code" in facts,
        expires_at=clock.now() + _lifetime(letter) if letter.minutes_setting else None,
    )


def _context(letter: Letter, facts: Mapping[str, Any], person: User | None) -> dict[str, Any]:
    return {
        "subject": str(letter.subject),
        "to_name": person.short_name if person else "",
        "paragraphs": letter.words(letter.paragraphs, facts),
        "after": letter.words(letter.after, facts),
        "code": facts.get("code", ""),
        "minutes": int(_lifetime(letter).total_seconds() // 60) if letter.minutes_setting else 0,
        "action_url": urljoin(settings.BASE_URL, reverse(letter.action)) if letter.action else "",
        "action_label": str(letter.action_label),
        "where": _where(facts, person) if letter.shows_where else [],
        "reason": _("You get this mail because somebody used this address on our site."),
    }


def _lifetime(letter: Letter) -> timedelta:
    return timedelta(seconds=getattr(settings, letter.minutes_setting))


def _where(facts: Mapping[str, Any], person: User | None) -> list[dict[str, str]]:
    """Return when, from which network address and with which browser the thing was done."""
    moment: datetime = facts.get("timestamp") or clock.now()
    zone = person.timezone if person else "UTC"
    local = moment.astimezone(ZoneInfo(zone))
    return [
        {"term": _("When"), "value": f"{dates.day(local)}, {dates.clock(local)} ({dates.zone_city(zone)})"},
        {"term": _("Network address"), "value": str(facts.get("ip", ""))},
        {"term": _("Browser"), "value": str(facts.get("user_agent", ""))},
    ]
