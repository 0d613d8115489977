"""What staff read of an event's news: how many will be told, when they are, or why nobody is."""

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from math import ceil

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from wagtail.admin import messages
from wagtail.models import Page

from core import clock, dates
from events.audiences import News, NextInLine
from events.models import Event, EventVersion
from mail import undo

# What the screen is called on which all of this is rehearsed, and each button that leads there.
WHO_WILL_BE_TOLD: str | Promise = _("Who will be told")


@dataclass(frozen=True)
class Scheduled:
    """What a publication that is scheduled will tell people of, and whom it will give seats, if it stays as it is."""

    at: datetime
    # The event, unsaved, as it will be.
    then: Event
    news: News | None
    line: NextInLine


def tell_publisher(request: HttpRequest, page: Page, *, by_title: bool = False) -> None:
    """Say after publishing how many will be told and when, or why nobody is; nothing where there is no change."""
    event = Event.objects.filter(translation_key=page.translation_key).first()
    if event is None:
        return
    news = latest_news(event)
    button = messages.button(reverse("events_news", args=[page.pk]), WHO_WILL_BE_TOLD)
    # Where several are published, or one from a list, the title alone says which is meant.
    words = gettext("“%(title)s”: %(sentence)s") if by_title else "%(sentence)s"
    if warning := left_behind(news):
        messages.warning(request, words % {"title": page.title, "sentence": warning}, buttons=[button])
    elif sentences := [*_of_changes(news), *of_seats(event), *_of_schedule(page, event)]:
        messages.info(request, words % {"title": page.title, "sentence": " ".join(sentences)}, buttons=[button])
    elif sentence := seats_taken_back(event) or _taken_back_just_now(page, news):
        messages.info(request, words % {"title": page.title, "sentence": sentence})


def latest_news(event: Event) -> News:
    """Return whom an event's latest change is news to, but those who read of it in the mail about their new seat."""
    latest = untold(event)
    is_in_one = latest and event.fills_at and event.fills_at <= undo.leaves_at(since=latest.made_at)
    return News(event, event.status, line=NextInLine(event) if is_in_one else None)


def next_in_line(event: Event) -> NextInLine:
    """Return who gets the seats that are held for them, and whether news of a change leaves before that."""
    latest = untold(event)
    is_told_first = bool(latest and event.fills_at and event.fills_at > undo.leaves_at(since=latest.made_at))
    return NextInLine(event, is_told_first=is_told_first)


def scheduled(page: Page, event: Event) -> Scheduled | None:
    """Return what a page's scheduled publication will bring of which people are told, or None."""
    revision = page.revisions.filter(approved_go_live_at__gt=clock.now()).first()
    if revision is None or page.locale_id != event.source_locale_id or event.is_cancelled:
        return None
    coming, then = revision.as_object(), copy.copy(event)
    is_moved = then.take_over(coming)
    at = revision.approved_go_live_at
    then.fills_at = undo.leaves_at(since=at)
    # Who gets a seat anyway, before that, does not get it by this.
    line = NextInLine(then, but=NextInLine(event) if event.fills_at else None)
    told = News(event, event.status, said=coming, at=then.fills_at, line=line) if is_moved else None
    return Scheduled(at=at, then=then, news=told, line=line)


def of_seats(event: Event) -> Iterator[str]:
    """Yield the sentence that tells how many will get a seat, and how to keep it from them, where any do."""
    if event.fills_at and (number := NextInLine(event).people().count()):
        yield seats_sentence(number, _minutes_until(event.fills_at))


def seats_sentence(number: int, minutes: str) -> str:
    """Return how many will get a seat, in how many minutes, and that they do not if it is taken back."""
    sentence = ngettext(
        "%(number)s person who waits will get a seat in %(minutes)s and be told. Taken back before that, nobody does.",
        "%(number)s people who wait will get a seat in %(minutes)s and be told. Taken back before that, nobody does.",
        number,
    )
    return sentence % {"number": number, "minutes": minutes}


def seats_taken_back(event: Event) -> str:
    """Return that nobody gets the seats that were about to be given, or nothing."""
    if event.fills_at is None or NextInLine(event).people().exists():
        return ""
    if not event.gives_seats_at(event.fills_at):
        return gettext("The event begins before seats could be taken back: nobody who waits gets one any more.")
    return gettext("The seats are taken back: nobody who waits gets one, and nobody gets a mail about it.")


def _of_schedule(page: Page, event: Event) -> Iterator[str]:
    """Yield how many will be told, and how many get a seat, once a publication that is scheduled brings that."""
    coming = scheduled(page, event)
    if coming is None:
        return
    moment = dates.left_to_right(date_format(timezone.localtime(coming.at), "Y-m-d H:i e"))
    if coming.news and (told := coming.news.people().count()):
        yield ngettext(
            "The new date or venue is published at %(moment)s; then %(number)s person will be told.",
            "The new date or venue is published at %(moment)s; then %(number)s people will be told.",
            told,
        ) % {"number": told, "moment": moment}
    if seated := coming.line.people().count():
        yield ngettext(
            "More seats are published at %(moment)s; then %(number)s person who waits will get one and be told.",
            "More seats are published at %(moment)s; then %(number)s people who wait will get one and be told.",
            seated,
        ) % {"number": seated, "moment": moment}


def _taken_back_just_now(page: Page, news: News) -> str:
    return taken_back(news) if _has_just_made_the_latest(page, news.event) else ""


def _has_just_made_the_latest(page: Page, event: Event) -> bool:
    """Whether it was the last publication of a page that made the untold version, rather than one before it."""
    published_at = Page.objects.values_list("last_published_at", flat=True).get(pk=page.pk)
    latest = untold(event)
    if latest is None or published_at is None:
        return False
    # Wagtail goes by the machine's clock, which may have been found wrong: only how long ago it was can be compared.
    return latest.made_at >= clock.now() - (clock.of_machine() - published_at)


def left_behind(news: News) -> str:
    """Return the warning that an event moved into the past leaves people with a date to come, or nothing."""
    number = news.left_behind().count()
    if not number:
        return ""
    return ngettext(
        "This date is over, so nobody is told. %(number)s person holds the old one. Publish a date to come, and that "
        "person is told of it; only then can the event be cancelled.",
        "This date is over, so nobody is told. %(number)s people hold the old one. Publish a date to come, and they "
        "are told of it; only then can the event be cancelled.",
        number,
    ) % {"number": number}


def taken_back(news: News) -> str:
    """Return that a change was taken back before those who are registered were told of it, or nothing."""
    latest = untold(news.event)
    if latest is None or news.people().exists() or not news.event.registrations.live().exists():
        return ""
    told = news.event.versions.exclude(told_at=None).order_by("revision").last()
    if told is None or (told.when_and_where, told.status) != (latest.when_and_where, latest.status):
        return ""
    changes = news.event.versions.filter(revision__gt=told.revision)
    if any(one.when_and_where != told.when_and_where for one in changes):
        return gettext(
            "The change is taken back: date, time and venue are again as people know them, and nobody gets a mail "
            "about it."
        )
    if told.is_cancelled:
        return gettext("The event is cancelled again, as people know it, and nobody gets a mail about it.")
    return gettext("The event takes place again, as people know it, and nobody gets a mail about it.")


def told_at(news: News) -> datetime | None:
    """Return when people were told of an event's latest change; None where nobody was, or somebody still will be."""
    latest = news.event.versions.filter(revision=news.event.revision).exclude(told_at=None).first()
    if latest is None or news.people().exists():
        return None
    # Who registered after the change was made knew it without being told.
    heard = news.event.registrations.filter(told_revision=latest.revision, registered_at__lt=latest.made_at)
    return latest.told_at if heard.exists() else None


def to_be_told(news: News) -> tuple[int, str]:
    """Return how many will be told of an event's latest change, and in how many minutes; nobody once that is over."""
    latest = untold(news.event)
    if latest is None:
        return 0, ""
    return news.people().count(), _minutes_until(undo.leaves_at(since=latest.made_at))


def _minutes_until(moment: datetime) -> str:
    return undo.in_minutes(max(1, ceil((moment - clock.now()).total_seconds() / 60)))


def untold(event: Event) -> EventVersion | None:
    """Return the latest version of an event where people still have to be told of it."""
    return event.versions.filter(revision=event.revision).untold().first()


def _of_changes(news: News) -> Iterator[str]:
    number, minutes = to_be_told(news)
    if number:
        sentence = ngettext(
            "%(number)s person will be told of the change in %(minutes)s.",
            "%(number)s people will be told of the change in %(minutes)s.",
            number,
        )
        yield sentence % {"number": number, "minutes": minutes}
