"""What the mails that a cohort sends to many would read, in each of their wordings, written for nobody."""

import copy
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import combinations, product

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from core import clock
from learning import cohort_words, mails
from learning.enums import EnrolmentState
from learning.models import Cohort, Enrolment, TeamRequest
from learning.services import notices
from mail.kinds import Rendering
from mail.rehearsal import NoSuchWording, Wording
from municipalities.models import LocalGovernment

# What the words of a mail depend on, each with its values and whom staff read that they are for.
BY_TEAM, BY_SEAT, BY_REASON, BY_JOINING = "team", "seat", "reason", "joining"
# What becomes of the people of a team that is sent.
OF_TEAMS = {
    "invited": EnrolmentState.INVITED.label,
    "waiting": EnrolmentState.WAITLISTED.label,
    "applied": EnrolmentState.APPLIED.label,
    "refused": gettext_lazy("No seat"),
}
LABELS = {
    BY_TEAM: {"team": gettext_lazy("Invited by a coordinator"), "alone": gettext_lazy("Without a team")},
    BY_SEAT: {"seat": gettext_lazy("Has a seat"), "place": EnrolmentState.WAITLISTED.label},
    BY_REASON: {
        "full": gettext_lazy("All seats are taken"),
        "share": gettext_lazy("The city has all its seats"),
        "free": gettext_lazy("Seats are free"),
    },
    BY_JOINING: {"joined": gettext_lazy("Has joined"), "out": gettext_lazy("Has not joined")},
}


def _person(cohort: Cohort, language: str, **fields: int) -> Enrolment:
    return Enrolment(cohort=cohort, name=_("Sample Person"), email="sample@example.org", language=language, **fields)


def _team(cohort: Cohort) -> TeamRequest:
    city = LocalGovernment(slug="sample", name=_("Sample City"))
    return TeamRequest(cohort=cohort, local_government=city, coordinator=User(display_name=_("Sample Person")))


def _in_team(enrolment: Enrolment, team: TeamRequest) -> Enrolment:
    enrolment.team, enrolment.local_government = team, team.local_government
    return enrolment


def invitation(cohort: Cohort, language: str, by: str = "team", *, team: TeamRequest | None = None) -> Rendering:
    """Write the invitation to a team, which need not be stored, for nobody."""
    enrolment = _person(cohort, language)
    if by == "team":
        _in_team(enrolment, team or _team(cohort))
    return mails.write_invitation(enrolment, language)


def waiting(
    cohort: Cohort,
    language: str,
    by: str = "alone",
    why: str = "full",
    *,
    team: TeamRequest | None = None,
    place: int = 1,
) -> Rendering:
    """Write for nobody of a place on the waiting list; the team need not be stored."""
    enrolment = _person(cohort, language, waiting_number=1)
    enrolment.place = place
    if by == "team":
        _in_team(enrolment, team or _team(cohort))
    share = cohort.seats_per_local_government if why == "share" else None
    return mails.write_waiting(enrolment, language, reasons=cohort_words.of_waiting(is_full=why == "full", share=share))


def _promoted(cohort: Cohort, language: str, by: str = "alone") -> Rendering:
    enrolment = _person(cohort, language)
    if by == "team":
        _in_team(enrolment, _team(cohort))
    return mails.write_promoted(enrolment, language)


def _admitted(cohort: Cohort, language: str, given: str = "seat") -> Rendering:
    enrolment = _person(cohort, language)
    if given == "place":
        enrolment.place = 1
    return mails.write_admitted(enrolment, language)


def called_off(cohort: Cohort, language: str, joined: str = "out") -> Rendering:
    """Write for nobody that a cohort does not take place."""
    cohort = copy.copy(cohort)
    cohort.called_off_at = cohort.called_off_at or clock.now()
    enrolment = _person(cohort, language)
    if joined == "joined":
        enrolment.joined_at = clock.now()
    return mails.write_called_off(enrolment, language)


def withdrawn(cohort: Cohort, language: str, joined: str = "out", *, city: LocalGovernment) -> Rendering:
    """Write for nobody that a city's team is withdrawn; who has joined reads that the record stays."""
    enrolment = _person(cohort, language)
    enrolment.local_government = city
    enrolment.shown_state = EnrolmentState.WITHDRAWN
    enrolment.joined_at = clock.now() if joined == "joined" else None
    return mails.write_withdrawn(enrolment, language)


def _no_seat(cohort: Cohort, language: str) -> Rendering:
    return mails.write_no_seat(_person(cohort, language, waiting_number=1), language)


def _undecided(cohort: Cohort, language: str) -> Rendering:
    return mails.write_no_seat(_person(cohort, language), language)


def _sent(cohort: Cohort, language: str, *outcomes: str) -> Rendering:
    found = outcomes or ("invited",)
    return mails.write_sent(_team(cohort), {name: 2 if name in found else 0 for name in OF_TEAMS})


# The mails that a cohort sends to many, by what their samples are called in addresses.
TEAM, UNDECIDED = "team", "undecided"
SAMPLES: dict[str, Callable[..., Rendering]] = {
    notices.INVITATION: invitation,
    notices.WAITING: waiting,
    notices.PROMOTED: _promoted,
    notices.ADMITTED: _admitted,
    notices.CALLED_OFF: called_off,
    notices.NO_SEAT: _no_seat,
    # Who applied and never had a number reads that the application is declined.
    UNDECIDED: _undecided,
    TEAM: _sent,
}
# What the words of each depend on, in the order in which its sample takes it.
WORDINGS: dict[str, tuple[str, ...]] = {
    notices.INVITATION: (BY_TEAM,),
    notices.WAITING: (BY_TEAM, BY_REASON),
    notices.PROMOTED: (BY_TEAM,),
    notices.ADMITTED: (BY_SEAT,),
    notices.CALLED_OFF: (BY_JOINING,),
    notices.NO_SEAT: (),
    UNDECIDED: (),
    TEAM: (),
}


def occurring(mail: str, readers: Mapping[str, Mapping[str, int]]) -> list[Wording]:
    """Return the wordings of a mail that somebody reads, with how many by language, in an order of their own."""
    found = []
    for values in _possible(mail):
        key = "-".join(values)
        if key and sum(readers.get(key, {}).values()):
            found.append(Wording(key, _(", ").join(_labels(mail, values)), readers[key]))
    return found


def _labels(mail: str, values: Iterable[str]) -> list[str]:
    if mail == TEAM:
        return [str(OF_TEAMS[value]) for value in values]
    return [str(LABELS[which][value]) for which, value in zip(WORDINGS[mail], values, strict=True)]


def written(mail: str, cohort: Cohort, language: str, key: str, **more: TeamRequest) -> Rendering:
    """Write one wording of a mail for nobody; raises NoSuchWording. `more` is what its sample takes besides."""
    values = tuple(key.split("-"))
    if values not in set(_possible(mail)):
        raise NoSuchWording
    return SAMPLES[mail](cohort, language, *values, **more)


def _possible(mail: str) -> Iterator[tuple[str, ...]]:
    """Yield what the wordings of a mail are made of; a coordinator reads of whatever has become of some of the team."""
    if mail == TEAM:
        for number in range(len(OF_TEAMS)):
            yield from combinations(OF_TEAMS, number + 1)
    else:
        yield from product(*(LABELS[which] for which in WORDINGS[mail]))
