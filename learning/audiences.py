"""Who would be told what of a cohort, and how it would read: what the rehearsal asks for."""

import copy
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence

from django.db.models import Count
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from accounts.models import User
from core import clock
from learning import cohort_words, mails
from learning.enums import EnrolmentState
from learning.models import Cohort, Enrolment, TeamRequest
from learning.services import knowing, notices
from mail.enums import Stream
from mail.kinds import Rendering
from mail.rehearsal import NOT_KNOWN
from municipalities.models import LocalGovernment


class CalledOff:
    """Those who would be told, were a cohort called off now: one for each address that has heard of an enrolment."""

    stream: str = Stream.TRANSACTIONAL

    def __init__(self, cohort: Cohort) -> None:
        self.cohort = cohort

    def people(self):
        """Return their enrolments."""
        return knowing.to_be_told(self.cohort)

    def tally(self) -> Iterable[tuple[str, str, str, int]]:
        """Count them by language, zone and state, in one statement."""
        counted = self.people().order_by().values_list("language", "person__timezone", "state")
        for language, zone, state, number in counted.annotate(number=Count("pk")):
            yield language, zone or str(NOT_KNOWN), str(EnrolmentState(state).label), number

    def addresses(self) -> Iterator[str]:
        """Yield their addresses: the account's where there is one."""
        reached = self.people().order_by("pk").values_list(Coalesce("person__email", "email"), flat=True)
        return reached.iterator(chunk_size=1000)

    def sample(self, language: str) -> Rendering:
        """Write the mail for nobody."""
        return mails.write_called_off(_sample_person(self.cohort, language), language)


class Told:
    """People of a cohort, known one by one, who would get one of the mails in SAMPLES."""

    stream: str = Stream.TRANSACTIONAL

    def __init__(self, cohort: Cohort, mail: str, people: Sequence[Enrolment] = ()) -> None:
        # None of these leaves while the cohort is called off.
        self.cohort = copy.copy(cohort)
        self.cohort.called_off_at = None
        self.mail, self.people = mail, people

    def tally(self) -> Iterable[tuple[str, str, str, int]]:
        """Count them by language, zone and state."""
        counted = Counter((one.language, _zone(one), str(EnrolmentState(one.state).label)) for one in self.people)
        return [(*which, number) for which, number in counted.items()]

    def addresses(self) -> Iterator[str]:
        """Yield their addresses: the account's where there is one."""
        return (one.person.email if one.person else one.email for one in self.people)

    def sample(self, language: str) -> Rendering:
        """Write the mail for nobody."""
        return SAMPLES[self.mail](self.cohort, language)


class Invited(Told):
    """Those who would be invited to one team, in the words that it is invited with."""

    def __init__(self, team: TeamRequest) -> None:
        super().__init__(team.cohort, notices.INVITATION)
        self.team = team

    def sample(self, language: str) -> Rendering:
        """Write the invitation for nobody."""
        return sample_invitation(self.cohort, language, team=self.team)


class Coordinators:
    """Those whose drafts would be sent."""

    stream: str = Stream.TRANSACTIONAL

    def __init__(self, cohort: Cohort, teams: Sequence[TeamRequest] = ()) -> None:
        self.cohort = cohort
        self.people = [one.coordinator for one in teams if one.coordinator]

    def tally(self) -> Iterable[tuple[str, str, str, int]]:
        """Count them by language and zone."""
        counted = Counter((one.language, one.timezone) for one in self.people)
        return [(*which, _("Coordinator"), number) for which, number in counted.items()]

    def addresses(self) -> Iterator[str]:
        """Yield the addresses of their accounts."""
        return (one.email for one in self.people)

    def sample(self, language: str) -> Rendering:
        """Write the mail for nobody."""
        return SAMPLES[TEAM](self.cohort, language)


def _zone(enrolment: Enrolment) -> str:
    return enrolment.person.timezone if enrolment.person else str(NOT_KNOWN)


def _sample_person(cohort: Cohort, language: str, **fields: int) -> Enrolment:
    return Enrolment(cohort=cohort, name=_("Sample Person"), email="sample@example.org", language=language, **fields)


def _sample_team(cohort: Cohort) -> TeamRequest:
    city = LocalGovernment(slug="sample", name=_("Sample City"))
    return TeamRequest(cohort=cohort, local_government=city, coordinator=User(display_name=_("Sample Person")))


def sample_invitation(cohort: Cohort, language: str, *, team: TeamRequest | None = None) -> Rendering:
    """Write the invitation to a team, which need not be stored, for nobody."""
    enrolment = _sample_person(cohort, language)
    enrolment.team = team or _sample_team(cohort)
    enrolment.local_government = enrolment.team.local_government
    return mails.write_invitation(enrolment, language)


def sample_withdrawn(cohort: Cohort, language: str, *, has_joined: bool) -> Rendering:
    """Write for nobody that their team is withdrawn; who has joined reads that the record stays."""
    enrolment = _sample_person(cohort, language)
    enrolment.shown_state = EnrolmentState.WITHDRAWN
    enrolment.joined_at = clock.now() if has_joined else None
    return mails.write_withdrawn(enrolment, language)


def sample_waiting(
    cohort: Cohort, language: str, *, team: TeamRequest | None = None, share: int | None = None
) -> Rendering:
    """Write for nobody of a place on the waiting list, which may be for the city's share alone."""
    enrolment = _sample_person(cohort, language, waiting_number=1)
    if team is not None:
        enrolment.team, enrolment.local_government = team, team.local_government
    enrolment.place = 1
    reasons = cohort_words.of_waiting(is_full=share is None, share=share)
    return mails.write_waiting(enrolment, language, reasons=reasons)


def _no_seat(cohort: Cohort, language: str) -> Rendering:
    return mails.write_no_seat(_sample_person(cohort, language, waiting_number=1), language)


def _team(cohort: Cohort, language: str) -> Rendering:
    return mails.write_sent(_sample_team(cohort), {"invited": 2, "waiting": 0, "applied": 0})


# The mails that a cohort sends to many, by what their samples are called in addresses.
TEAM, UNDECIDED = "team", "undecided"
SAMPLES: dict[str, Callable[[Cohort, str], Rendering]] = {
    notices.INVITATION: sample_invitation,
    notices.WAITING: sample_waiting,
    notices.PROMOTED: lambda cohort, code: mails.write_promoted(_sample_person(cohort, code), code),
    notices.ADMITTED: lambda cohort, code: mails.write_admitted(_sample_person(cohort, code), code),
    notices.NO_SEAT: _no_seat,
    # Who applied and never had a number reads that the application is declined.
    UNDECIDED: lambda cohort, code: mails.write_no_seat(_sample_person(cohort, code), code),
    TEAM: _team,
}
