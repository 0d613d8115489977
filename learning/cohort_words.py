"""What pages about cohorts show, as plain values: what a cohort is called, when it runs, and how it stands."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from django.db.models import Exists, OuterRef
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, npgettext
from wagtail.models import Page

from core import dates, languages, locales
from core.seats import SeatState
from events import spoken
from events.querysets import public_pages
from learning.enums import CohortState

if TYPE_CHECKING:
    from learning.models import Cohort

Rank = tuple[bool, bool, int]
TONES: dict[str, str] = {
    SeatState.OPEN: "green",
    SeatState.FEW: "sun",
    SeatState.WAITING: "sun",
    SeatState.FULL: "clay",
}


@dataclass(frozen=True)
class CohortCard:
    """One cohort as a listing shows it."""

    slug: str
    name: str
    url: str
    course_title: str
    course_language: str
    starts_on: date
    ends_on: date
    languages: str
    seat_words: str
    tone: str
    can_be_joined: bool
    is_in_language: bool
    # What a coordinator reads whose cities hold all the seats that they may have; empty for everybody else.
    share_words: str = ""

    @property
    def fits(self) -> bool:
        """Whether the reader can do something with its being in a language of theirs."""
        return self.can_be_joined and self.is_in_language and not self.share_words


def cards(cohorts: "Iterable[Cohort]", *, for_everybody: bool = False) -> list[CohortCard]:
    """Return a card for each cohort in order; one statement for all courses. They must have `course` at hand.

    `for_everybody` says nothing of a page that is kept to some people, and leaves out what has no other.
    """
    cohorts = list(cohorts)
    if not cohorts:
        return []
    language = languages.current()
    pages = _pages(cohorts, language, for_everybody=for_everybody)
    if for_everybody:
        cohorts = [cohort for cohort in cohorts if cohort.course.translation_key in pages]
    return [_card(cohort, pages.get(cohort.course.translation_key), language) for cohort in cohorts]


def about(cohort: "Cohort", request: HttpRequest | None) -> dict[str, Any]:
    """Return what every page about one cohort shows: the record, and its course in the best language there is.

    Where anybody may read one of the course's pages, nothing is said of those that are kept to some people.
    """
    page = _pages([cohort], languages.current()).get(cohort.course.translation_key)
    return {
        "cohort": cohort,
        "cohort_url": reverse("cohort", args=[cohort.slug]),
        "course_title": page.title if page else cohort.course.title,
        "course_language": locales.code_of(page.locale_id if page else cohort.course.source_locale_id),
        "course_url": (page.get_url(request) or "") if page else "",
        "languages_in_words": in_words(cohort.languages),
    }


def facts(cohort: "Cohort") -> list[dict[str, str]]:
    """Return what a team weighs before it enrols: only what is known."""
    found = [
        (_("When"), dates.day_range(cohort.starts_on, cohort.ends_on)),
        (_("Languages"), in_words(cohort.languages)),
        (_("Seats for each city"), str(cohort.seats_per_local_government or "")),
        (_("Admission"), cohort.get_admission_display()),
        (_("Enrolment opens"), _from(cohort)),
        (_("Enrol until"), _until(cohort)),
    ]
    return [{"term": term, "value": value} for term, value in found if value]


def in_words(codes: Iterable[str]) -> str:
    """Return the languages one after the other, named in the page's as events name theirs."""
    return _(", ").join(spoken.name(code, languages.current()) for code in codes if code in languages.codes())


def seat_words(cohort: "Cohort") -> str:
    """Return how things stand for somebody who wants to join, in words; never how many seats are left."""
    if not cohort.takes_enrolments():
        return str(cohort.state.label)
    return str(cohort.get_seat_state_display())


def is_open(cohort: "Cohort") -> bool:
    """Whether somebody can enrol now, be it on the waiting list."""
    return cohort.takes_enrolments() and cohort.seat_state != SeatState.FULL


def _from(cohort: "Cohort") -> str:
    """Return the day on which somebody can enrol for the first time, while it is to come."""
    if cohort.state != CohortState.NOT_YET or cohort.opens_at is None:
        return ""
    return dates.full_day(cohort.opens_at.astimezone(cohort.zone))


def _until(cohort: "Cohort") -> str:
    """Return the last day on which somebody can enrol, while there is one to come."""
    if not cohort.takes_enrolments():
        return ""
    return dates.full_day((cohort.enrolment_closes_at - timedelta(seconds=1)).astimezone(cohort.zone))


def of_drafts_let_go(*, is_approved: bool) -> str:
    """Return what a coordinator reads whose draft was let go; who is approved by now can enrol people at once."""
    if is_approved:
        return _("The people whom you wrote down are not enrolled: their seats are free again. Enrol them anew.")
    return _(
        "The people whom you wrote down are not enrolled: their seats are free again. Once you are approved as "
        "coordinator, enrol them anew."
    )


def of_people(number: int) -> str:
    """Return so many people in words, to stand alone."""
    return ngettext("%(number)s person", "%(number)s people", number) % {"number": number}


def to_people(number: int) -> str:
    """Return the same for a sentence that something goes to them or is theirs: some languages decline the noun."""
    return npgettext("goes to them", "%(number)s person", "%(number)s people", number) % {"number": number}


def of_mails(number: int) -> str:
    """Return how many mails leave by what somebody is about to do."""
    return ngettext("In all, %(number)s mail leaves.", "In all, %(number)s mails leave.", number) % {"number": number}


# What became of the people who were enrolled, by the name of the count in the address.
OUTCOMES: dict[str, Callable[[int], str]] = {
    "invited": lambda n: ngettext("%(number)s person has a seat.", "%(number)s people have a seat.", n),
    "waiting": lambda n: ngettext("%(number)s person waits for a seat.", "%(number)s people wait for a seat.", n),
    "applied": lambda n: ngettext(
        "%(number)s person waits for the moderators.", "%(number)s people wait for the moderators.", n
    ),
    "already": lambda n: ngettext(
        "%(number)s person was enrolled already.", "%(number)s people were enrolled already.", n
    ),
    "refused": lambda n: ngettext("%(number)s person found no seat.", "%(number)s people found no seat.", n),
}


# The same before anybody is enrolled; the last where all seats are taken or the city has all of its own.
PROSPECTS: dict[str, Callable[[int], str]] = {
    "seated": lambda n: ngettext("%(number)s person gets a seat.", "%(number)s people get a seat.", n),
    "waiting": lambda n: ngettext(
        "%(number)s person goes on the waiting list.", "%(number)s people go on the waiting list.", n
    ),
    "refused": lambda n: ngettext("%(number)s person finds no seat.", "%(number)s people find no seat.", n),
}


def of_prospect(*, seated: int, waiting: int, refused: int, share: int | None) -> list[str]:
    """Return how many of a list get what, and why not all of them a seat: the city's share, where that is why."""
    counts = {"seated": seated, "waiting": waiting, "refused": refused}
    said = [PROSPECTS[name](number) % {"number": number} for name, number in counts.items() if number]
    if share is not None:
        said.append(_of_share(share))
    if refused:
        said.append(_("This cohort keeps no waiting list."))
    elif share is None and not seated:
        said.append(_("All seats are taken. When one becomes free, whoever has waited longest gets it and a mail."))
    if seated:
        said.append(_("Seats are given in the order of your list; somebody else may be quicker."))
    return said


def of_waiting(*, is_full: bool, share: int | None) -> list[str]:
    """Return what whoever waits for a seat reads beside their place; `share` where it is why they wait."""
    if is_full:
        return [_("All seats are taken. When one becomes free, whoever has waited longest gets it and a mail.")]
    first = [_of_share(share)] if share is not None else []
    return [*first, _("When a seat becomes free, whoever has waited longest gets it and a mail.")]


def _of_share(share: int) -> str:
    words = ngettext(
        "Your city may have %(number)s seat in this cohort.",
        "Your city may have %(number)s seats in this cohort.",
        share,
    )
    return words % {"number": share}


def of_spent_share(cities: int) -> str:
    """Return what a coordinator reads beside a cohort in which so many cities of theirs, all, hold what they may."""
    return ngettext("Your city has all its seats", "Your cities have all their seats", cities)


def of_outcome(name: str, number: int) -> str:
    """Return what became of so many people of a list; `name` is one of OUTCOMES."""
    return OUTCOMES[name](number) % {"number": number}


def _card(cohort: "Cohort", page: Page | None, language: str) -> CohortCard:
    return CohortCard(
        slug=cohort.slug,
        name=cohort.name,
        url=reverse("cohort", args=[cohort.slug]),
        course_title=page.title if page else cohort.course.title,
        course_language=locales.code_of(page.locale_id if page else cohort.course.source_locale_id),
        starts_on=cohort.starts_on,
        ends_on=cohort.ends_on,
        languages=in_words(cohort.languages),
        seat_words=seat_words(cohort),
        tone=TONES.get(cohort.seat_state, "") if cohort.takes_enrolments() else "",
        can_be_joined=is_open(cohort),
        is_in_language=language in cohort.languages,
    )


def _pages(cohorts: "list[Cohort]", language: str, *, for_everybody: bool = False) -> dict[Any, Page]:
    """Return by the course's key the best of its pages that anybody may read or, where none is, of all; one statement.

    Of a course with a page for everybody nothing is said of those that are kept to some people, and `for_everybody`
    says nothing of the others.
    """
    sources = {cohort.course.translation_key: cohort.course.source_locale_id for cohort in cohorts}
    public = public_pages().filter(pk=OuterRef("pk"))
    pages = Page.objects.filter(translation_key__in=sources, live=True, alias_of=None).annotate(
        is_public=Exists(public)
    )
    if for_everybody:
        pages = pages.filter(is_public=True)

    def rank(page: Page) -> tuple[bool, Rank]:
        return not page.is_public, _rank(page, language, sources[page.translation_key])

    best: dict[Any, Page] = {}
    for page in pages:
        if page.translation_key not in best or rank(page) < rank(best[page.translation_key]):
            best[page.translation_key] = page
    return best


def _rank(page: Page, language: str, source: int) -> Rank:
    """Return how well a page serves a reader, the least being the best: in `language`, the source, or a fallback."""
    code = locales.code_of(page.locale_id)
    order = [language, *languages.fallback_chain(language), *languages.codes()]
    return code != language, page.locale_id != source, order.index(code) if code in order else len(order)
