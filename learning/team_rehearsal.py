"""What whoever answers for a team sees before something is told to it: whom it reaches, and how it reads.

Nothing here comes from the accounts of the people named: whether an address has one, and what it is set to, is not for
whoever typed the address. Their zone is the city's. Of whoever else is told, nothing is said but how many there are.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _

from core import dates, languages
from learning import samples
from learning.audiences import Told
from learning.enums import JOINED_STATES, EnrolmentState
from learning.models import Cohort, Enrolment, TeamRequest
from learning.services import Invitee, Prospect, notices
from mail import rehearsal, rendering
from mail.isolates import isolate
from mail.kinds import Rendering
from mail.mime import Content
from mail.rehearsal import NOT_KNOWN
from municipalities.models import LocalGovernment

Writer = Callable[[str], Rendering]
# What somebody becomes who gets a seat: whoever has an account in the course takes part at once.
ACTIVE, INVITED = EnrolmentState.ACTIVE, EnrolmentState.INVITED


@dataclass(frozen=True)
class Sample:
    """One mail as somebody of one language would read it."""

    language: str
    direction: str
    mail: Content
    # Who reads this, where not all read the same.
    wording: str = ""


@dataclass(frozen=True)
class Part:
    """One of the mails: how many get it, counted by language, state and zone, and a sample in each language read.

    `who` stands above the counts, `heading` above the samples.
    """

    who: str
    heading: str
    facts: list[dict[str, str]]
    samples: list[Sample]
    number: int


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
        (_("Invitations"), _("How the invitation reads"), seated, EnrolmentState.INVITED, invitation),
        (
            _("Places on the waiting list"),
            _("How the mail about the waiting list reads"),
            waiting,
            EnrolmentState.WAITLISTED,
            place,
        ),
    )
    city = team.local_government
    return [
        _part(who, heading, [(languages.nearest(one.language), str(state.label)) for one in some], city, write)
        for who, heading, some, state, write in told
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
        _part(_joining(has_joined=has_joined), heading, _spoken(some), city, writer(has_joined=has_joined))
        for heading, has_joined in told
        if (some := [one for one in people if (one.state in JOINED_STATES) == has_joined])
    ]


def of_seats(cohort: Cohort, people: Sequence[Enrolment]) -> list[Part]:
    """Return what those who wait are told who get a seat of a team that is withdrawn, by what they become with it.

    The zone is that of each one's own city, and the samples name none of these people and cities; two statements.
    """
    if not people:
        return []
    told = Told(cohort, notices.PROMOTED, people)
    cities = {one.local_government_id for one in people if one.local_government_id}
    zones = dict(LocalGovernment.objects.filter(pk__in=cities).values_list("pk", "timezone"))
    wordings = told.wordings()
    return [
        Part(
            _("Seats for those who wait"),
            _("How it would read"),
            facts=_facts(
                Counter(one.language for one in people),
                Counter(str((ACTIVE if one.person_id else INVITED).label) for one in people),
                Counter(_zone(zones.get(one.local_government_id or 0, "")) for one in people),
            ),
            samples=[
                Sample(
                    code,
                    languages.direction(code),
                    rehearsal.sample(told, code, one.key),
                    one.label if len(wordings) > 1 else "",
                )
                for one in wordings
                for code in languages.codes()
                if one.readers.get(code)
            ],
            number=len(people),
        )
    ]


def _joining(*, has_joined: bool) -> str:
    return str(samples.LABELS[samples.BY_JOINING]["joined" if has_joined else "out"])


def _spoken(people: Iterable[Enrolment]) -> list[tuple[str, str]]:
    return [(one.language, str(EnrolmentState(one.state).label)) for one in people]


def _part(who: str, heading: str, people: list[tuple[str, str]], city: LocalGovernment, write: Writer) -> Part:
    """Return the part of people who are known by language and state."""
    by_language = Counter(language for language, _state in people)
    return Part(
        who,
        heading,
        facts=_facts(
            by_language, Counter(state for _language, state in people), Counter({_zone(city.timezone): len(people)})
        ),
        samples=[
            Sample(code, languages.direction(code), _written(write, code))
            for code in languages.codes()
            if code in by_language
        ],
        number=len(people),
    )


def _facts(by_language: Counter[str], by_state: Counter[str], by_zone: Counter[str]) -> list[dict[str, str]]:
    return [
        _fact(_("Language"), [(languages.own_name(code), number) for code, number in by_language.most_common()]),
        _fact(_("State"), by_state.most_common()),
        _fact(_("Time zone"), by_zone.most_common()),
    ]


def _zone(name: str) -> str:
    return dates.zone_city(name) or str(NOT_KNOWN)


def _fact(term: str, counted: Iterable[tuple[str, int]]) -> dict[str, Any]:
    return {"term": term, "value": " · ".join(f"{isolate(name)}\u00a0({number})" for name, number in counted)}


def _written(write: Writer, language: str) -> Content:
    with translation.override(language):
        return rendering.written(write(language), language=language)
