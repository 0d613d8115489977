"""What a person may ask of us about their data: a copy of all of it, and its end, across all apps."""

import io
import json
import zipfile
from datetime import UTC
from typing import Any

from allauth.account.models import EmailAddress
from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction
from django.template.loader import render_to_string
from django.utils import timezone

from accounts import erasures
from accounts.enums import Channel, Ground, Right
from accounts.errors import LastAdministrator, NobodyFound
from accounts.models import DataRequest, User
from accounts.services import ending
from core import clock, languages, personal
from core.emailkeys import one_spelling
from core.personal import Kind, Subject


def has_account(*, email: str) -> bool:
    """Tell programs whether an account is known to go with an address; sign-ups that nobody confirmed do not count."""
    address = one_spelling(email)
    confirmed = EmailAddress.objects.filter(email__iexact=address, verified=True)
    unconfirmed = User.objects.unconfirmed().values("pk")
    return confirmed.exists() or User.objects.filter(email=address).exclude(pk__in=unconfirmed).exists()


def subject_of(person: User) -> Subject:
    """Return whom a request of this account is about: the account, and addresses that are shown to be theirs.

    An address that was typed in and never confirmed may be somebody else's, whose data it would open.
    """
    verified = EmailAddress.objects.filter(user=person, verified=True).order_by("pk")
    return Subject(person.pk, tuple(verified.values_list("email", flat=True)))


def subject_for(*, email: str) -> tuple[Subject, User | None]:
    """Return whom an address stands for, and their account if there is one; for staff and programs only."""
    address = one_spelling(email)
    person = User.objects.filter(email=address).first()
    if person is None:
        found = EmailAddress.objects.filter(email__iexact=address, verified=True).select_related("user").first()
        person = found.user if found else None
    if person is None:
        return Subject(None, (address,)), None
    known = subject_of(person)
    return Subject(person.pk, tuple(dict.fromkeys((*known.addresses, address)))), person


def counts(subject: Subject) -> list[tuple[Kind, int]]:
    """Return how many rows of each kind there are about somebody, the account's first."""
    return [(kind, kind.find(subject).count()) for kind in reversed(personal.kinds())]


@transaction.atomic
def export(*, subject: Subject, channel: Channel, ground: Ground = Ground.ASKED, by: User | None = None) -> bytes:
    """Return a ZIP file with all that is kept about somebody, and note that it was made (GDPR Articles 15 and 20).

    It holds `data.json` for programs and `index.html` for people, in the active language. Raises NobodyFound.
    """
    kinds = [_exported(kind, subject) for kind in reversed(personal.kinds())]
    found = {kind["name"]: len(kind["rows"]) for kind in kinds if kind["rows"]}
    if not found:
        raise NobodyFound
    DataRequest.objects.create(what=Right.EXPORT, channel=channel, ground=ground, by=by, counts=found)
    made = clock.now()
    language = languages.current()
    about = {"made": made, "kinds": kinds, "language": language, "direction": languages.direction(language)}
    plain = {"made": made, "language": language, "kinds": [_plain(kind) for kind in kinds]}
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        # Every moment of it is said in UTC, whichever zone the member of staff who makes it works in.
        with timezone.override(UTC):
            page = render_to_string("accounts/export.html", about)
        archive.writestr("index.html", page)
        archive.writestr("data.json", json.dumps(plain, cls=DjangoJSONEncoder, ensure_ascii=False, indent=1))
    return file.getvalue()


def erase(*, subject: Subject, channel: Channel, ground: Ground = Ground.ASKED, by: User | None = None) -> DataRequest:
    """Erase somebody from every app and note that it was done, without saying who (GDPR Article 17).

    What stays, and why, each kind of data says in `stays`. A second erasure finds nobody: raises NobodyFound; for the
    only administrator raises LastAdministrator. The caller must have made sure that the request is the person's.
    """
    done = _erase(subject, channel, ground, by)
    erase_latecomers(subject=subject)
    return done


def erase_address(*, address: str) -> DataRequest | None:
    """Erase what is kept about the address of somebody without an account; nothing twice. Answers None if done before.

    Raises NobodyFound if an account goes with the address: only who opens the account may end it.
    """
    if has_account(email=address):
        raise NobodyFound
    try:
        return erase(subject=Subject(None, (address.strip().lower(),)), channel=Channel.LINK)
    except NobodyFound:
        return None


@transaction.atomic
def _erase(subject: Subject, channel: Channel, ground: Ground, by: User | None) -> DataRequest:
    found = erase_everywhere(subject=subject)
    if not found:
        raise NobodyFound
    actor = None if by is None or by.pk == subject.person_id else by
    done = DataRequest.objects.create(what=Right.ERASURE, channel=channel, ground=ground, by=actor, counts=found)
    erasures.write(at=done.at, channel=channel, ground=ground, subject=subject)
    return done


@transaction.atomic
def erase_everywhere(*, subject: Subject) -> dict[str, int]:
    """Erase somebody from every app and return how many rows of which kind; raises LastAdministrator.

    For those alone who write down that it was done.
    """
    if subject.person_id is not None:
        ending.before_ending(person_id=subject.person_id)
    _refuse_last_administrator(subject)
    erased = {kind.name: kind.erase(subject) for kind in personal.kinds() if kind.erase is not None}
    return {name: number for name, number in erased.items() if number}


@transaction.atomic
def erase_latecomers(*, subject: Subject) -> None:
    """Erase what came in between the first look at an app and the end of the account."""
    for kind in personal.kinds():
        if kind.erase is not None:
            kind.erase(Subject(None, subject.addresses))


def _refuse_last_administrator(subject: Subject) -> None:
    if subject.person_id is None:
        return
    administrators = User.objects.filter(is_superuser=True, is_active=True)
    # Two administrators who erase each other at once must not both succeed. A weaker lock than the one that
    # registrations wait for, since theirs come while an event is locked.
    keys = set(administrators.order_by("pk").select_for_update(no_key=True).values_list("pk", flat=True))
    if keys == {subject.person_id}:
        raise LastAdministrator


def _exported(kind: Kind, subject: Subject) -> dict[str, Any]:
    rows = list(kind.rows(subject))
    return {
        "name": kind.name,
        "label": str(kind.label),
        "about": str(kind.about),
        "kept": [rule.in_words() for rule in kind.rules],
        "rows": rows,
    }


def _plain(kind: dict[str, Any]) -> dict[str, Any]:
    first = kind["rows"][0] if kind["rows"] else []
    return {
        **kind,
        "columns": {name: str(label) for name, label, _value, _words in first},
        "rows": [{name: value for name, _label, value, _words in row} for row in kind["rows"]],
    }
