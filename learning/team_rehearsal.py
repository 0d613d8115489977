"""What whoever answers for a team sees before something is told to it: whom it reaches, and how it reads.

Nothing here comes from the accounts of the people named: whether an address has one, and what it is set to, is not for
whoever typed the address. Their zone is the city's.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _

from core import dates, languages
from learning import samples
from learning.enums import JOINED_STATES, EnrolmentState
from learning.models import Cohort, Enrolment, TeamRequest
from learning.services import Invitee, Prospect
from mail import rendering
from mail.isolates import isolate
from mail.kinds import Rendering
from mail.mime import Content
from mail.rehearsal import NOT_KNOWN
from municipalities.models import LocalGovernment

Writer = Callable[[str], Rendering]


@dataclass(frozen=True)
class Sample:
    """One mail as somebody of one language would read it."""

    language: str
    direction: str
    mail: Content


@dataclass(frozen=True)
class Part:
    """One of the mails: how many get it, counted by language, state and zone, and a sample in each language read."""

    heading: str
    facts: list[dict[str, str]]
    samples: list[Sample]


def of_enrolling(team: TeamRequest, people: Sequence[Invitee], prospect: Prospect) -> list[Part]:
    """Return what the people of a list would be told: those first on it of a seat, the next of a place in line."""
    seated = people[: prospect.seated]
    waiting = people[prospect.seated : prospect.seated + prospect.waiting]

    def invitation(language: str) -> Rendering:
        return samples.invitation(team.cohort, language, team=team)

    why = "full" if prospect.is_full or prospect.share is None else "share"

    def place(language: str) -> Rendering:
        return samples.waiting(team.cohort, language, "team", why, team=team, place=prospect.first_place)

    told = (
        (_("How the invitation reads"), seated, EnrolmentState.INVITED, invitation),
        (_("How the mail about the waiting list reads"), waiting, EnrolmentState.WAITLISTED, place),
    )
    city = team.local_government
    return [
        _part(heading, [(languages.nearest(one.language), str(state.label)) for one in some], city, write)
        for heading, some, state, write in told
        if some
    ]


def of_withdrawing(cohort: Cohort, city: LocalGovernment, people: Iterable[Enrolment]) -> list[Part]:
    """Return what the people of a team would be told if it were withdrawn; only who has joined keeps a record."""
    people = list(people)

    def writer(*, has_joined: bool) -> Writer:
        return lambda language: samples.withdrawn(cohort, language, "joined" if has_joined else "out", city=city)

    told = (
        (_("How the mail to those who have joined reads"), True),
        (_("How the mail to the others reads"), False),
    )
    return [
        _part(heading, _spoken(some), city, writer(has_joined=has_joined))
        for heading, has_joined in told
        if (some := [one for one in people if (one.state in JOINED_STATES) == has_joined])
    ]


def _spoken(people: Iterable[Enrolment]) -> list[tuple[str, str]]:
    return [(one.language, str(EnrolmentState(one.state).label)) for one in people]


def _part(heading: str, people: list[tuple[str, str]], city: LocalGovernment, write: Writer) -> Part:
    """Return the part of people who are known by language and state."""
    by_language = Counter(language for language, _state in people)
    zone = dates.zone_city(city.timezone) or str(NOT_KNOWN)
    return Part(
        heading,
        facts=[
            _fact(_("Language"), [(languages.own_name(code), number) for code, number in by_language.most_common()]),
            _fact(_("State"), Counter(state for _language, state in people).most_common()),
            _fact(_("Time zone"), [(zone, len(people))]),
        ],
        samples=[
            Sample(code, languages.direction(code), _written(write, code))
            for code in languages.codes()
            if code in by_language
        ],
    )


def _fact(term: str, counted: Iterable[tuple[str, int]]) -> dict[str, Any]:
    return {"term": term, "value": " · ".join(f"{isolate(name)}\u00a0({number})" for name, number in counted)}


def _written(write: Writer, language: str) -> Content:
    with translation.override(language):
        return rendering.written(write(language), language=language)
