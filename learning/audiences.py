"""Who would be told what of a cohort, and how it would read: what the rehearsal asks for."""

import copy
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from django.db.models import BooleanField, Count, ExpressionWrapper, Q
from django.db.models.functions import Coalesce
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from learning import samples
from learning.enums import EnrolmentState
from learning.models import Cohort, Enrolment, TeamRequest
from learning.services import knowing, notices
from learning.services.promoting import foreseen
from learning.services.seats import SeatCount
from mail.enums import Stream
from mail.kinds import Rendering
from mail.rehearsal import NOT_KNOWN, Wording


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
        """Write the mail for nobody who has joined."""
        return samples.called_off(self.cohort, language)

    def wordings(self) -> list[Wording]:
        """Return what they read, by whether they have joined; one statement."""
        has_joined = ExpressionWrapper(Q(joined_at__isnull=False), BooleanField())
        counted = self.people().order_by().annotate(has_joined=has_joined).values_list("has_joined", "language")
        readers: dict[str, Counter[str]] = {"joined": Counter(), "out": Counter()}
        for joined, language, number in counted.annotate(number=Count("pk")):
            readers["joined" if joined else "out"][language] += number
        return samples.occurring(notices.CALLED_OFF, readers)

    def sample_of(self, key: str, language: str) -> Rendering:
        """Write one of these for nobody."""
        return samples.written(notices.CALLED_OFF, self.cohort, language, key)


class Told:
    """People of a cohort, known one by one, who would get one of the mails in `samples.SAMPLES`."""

    stream: str = Stream.TRANSACTIONAL

    def __init__(
        self, cohort: Cohort, mail: str, people: Sequence[Enrolment] = (), ended: Sequence[Enrolment] = ()
    ) -> None:
        # None of these leaves while the cohort is called off.
        self.cohort = copy.copy(cohort)
        self.cohort.called_off_at = None
        # What ends by the same act leaves its seats to others.
        self.mail, self.people, self.ended = mail, people, ended

    def tally(self) -> Iterable[tuple[str, str, str, int]]:
        """Count them by language, zone and state."""
        counted = Counter((one.language, _zone(one), str(EnrolmentState(one.state).label)) for one in self.people)
        return [(*which, number) for which, number in counted.items()]

    def addresses(self) -> Iterator[str]:
        """Yield their addresses: the account's where there is one."""
        return (one.person.email if one.person else one.email for one in self.people)

    def sample(self, language: str) -> Rendering:
        """Write for nobody what most cohorts' people read."""
        return samples.SAMPLES[self.mail](self.cohort, language)

    def wordings(self) -> list[Wording]:
        """Return what they read; two statements at most, whoever they are."""
        readers: dict[str, Counter[str]] = {}
        for one in self.people:
            readers.setdefault(self._key(one), Counter())[one.language] += 1
        return samples.occurring(self.mail, readers)

    def sample_of(self, key: str, language: str) -> Rendering:
        """Write one of these for nobody."""
        return samples.written(self.mail, self.cohort, language, key)

    def _key(self, one: Enrolment) -> str:
        """Return which wording of the mail somebody reads."""
        parts = {
            samples.BY_TEAM: "team" if one.pk in self._of_teams else "alone",
            samples.BY_SEAT: "place" if one.state == EnrolmentState.WAITLISTED else "seat",
            samples.BY_REASON: self._why(one) if samples.BY_REASON in samples.WORDINGS[self.mail] else "",
        }
        return "-".join(parts[which] for which in samples.WORDINGS[self.mail])

    @cached_property
    def _of_teams(self) -> set[int]:
        """The keys of those who read that a coordinator invites them to learn with the team of a city."""
        people = Enrolment.objects.filter(pk__in=[one.pk for one in self.people])
        invited = people.filter(team__coordinator__isnull=False, local_government__isnull=False)
        return set(invited.values_list("pk", flat=True))

    def _why(self, one: Enrolment) -> str:
        if self._seats.free == 0:
            return "full"
        return "share" if self._seats.has_spent_share(one.local_government_id) else "free"

    @cached_property
    def _seats(self) -> SeatCount:
        """The seats as they will be once what is free has been given."""
        return foreseen(self.cohort, self.ended)


class OfTeam(Told):
    """Those of one team who would be invited, or told of a place in line, in words that name this team."""

    def __init__(self, team: TeamRequest, mail: str, people: Sequence[Enrolment] = ()) -> None:
        super().__init__(team.cohort, mail, people)
        self.team = team

    def sample(self, language: str) -> Rendering:
        """Write the mail for nobody."""
        return samples.SAMPLES[self.mail](self.cohort, language, "team", team=self.team)

    def sample_of(self, key: str, language: str) -> Rendering:
        """Write one wording for nobody."""
        return samples.written(self.mail, self.cohort, language, key, team=self.team)


class Coordinators:
    """Those whose drafts would be sent."""

    stream: str = Stream.TRANSACTIONAL

    def __init__(
        self,
        cohort: Cohort,
        teams: Sequence[TeamRequest] = (),
        later: Mapping[str, Sequence[Enrolment]] | None = None,
        at: datetime | None = None,
    ) -> None:
        # Whom the same act writes to, by the kind of their mail, says what becomes of each of a team.
        self.cohort, self.later, self.at = cohort, later or {}, at
        self.teams = [one for one in teams if one.coordinator]
        self.people = [one.coordinator for one in self.teams if one.coordinator]

    def tally(self) -> Iterable[tuple[str, str, str, int]]:
        """Count them by language and zone."""
        counted = Counter((one.language, one.timezone) for one in self.people)
        return [(*which, _("Coordinator"), number) for which, number in counted.items()]

    def addresses(self) -> Iterator[str]:
        """Yield the addresses of their accounts."""
        return (one.email for one in self.people)

    def sample(self, language: str) -> Rendering:
        """Write the mail for nobody."""
        return samples.SAMPLES[samples.TEAM](self.cohort, language)

    def wordings(self) -> list[Wording]:
        """Return what they read, by what becomes of their people; one statement."""
        becomes = self._outcomes()
        readers: dict[str, Counter[str]] = {}
        for team, person in zip(self.teams, self.people, strict=True):
            key = "-".join(one for one in samples.OF_TEAMS if one in becomes.get(team.pk, ()))
            readers.setdefault(key, Counter())[person.language] += 1
        return samples.occurring(samples.TEAM, readers)

    def sample_of(self, key: str, language: str) -> Rendering:
        """Write one of these for nobody."""
        return samples.written(samples.TEAM, self.cohort, language, key)

    def _outcomes(self) -> dict[int, set[str]]:
        """Return what becomes of the people of each team; who is enrolled already lacks nothing, and is left out."""
        told = {
            one.pk: name
            for kind, name in (
                (notices.INVITATION, "invited"),
                (notices.PROMOTED, "invited"),
                (notices.WAITING, "waiting"),
            )
            for one in self.later.get(kind, ())
        }
        # Nobody writes to them: they wait for a moderator or, once no seats are given, get none.
        other = "refused" if self.cohort.has_given_its_seats(self.at) else "applied"
        found: dict[int, set[str]] = {}
        drafts = Enrolment.objects.filter(team__in=self.teams, state=EnrolmentState.DRAFTED)
        for pk, team, has_seat, number in drafts.values_list("pk", "team", "has_seat", "waiting_number"):
            is_other = not has_seat and (number is None or other == "refused")
            if outcome := told.get(pk) or (other if is_other else ""):
                found.setdefault(team, set()).add(outcome)
        return found


def _zone(enrolment: Enrolment) -> str:
    return enrolment.person.timezone if enrolment.person else str(NOT_KNOWN)
