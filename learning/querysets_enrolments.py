"""Named reads of enrolments."""

from collections.abc import Iterable
from typing import Any

from django.db.models import Case, CharField, Count, Exists, F, Max, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce

from learning.enums import (
    DRAFT_WAITS,
    JOINED_STATES,
    LEAVABLE_STATES,
    LIVE_STATES,
    WAITING_STATES,
    Actor,
    ChangeKind,
    Ending,
    EnrolmentState,
)


def waits(of: str = "") -> Q:
    """Return what is true of those who wait for a seat; `of` leads to them from another record, as "enrolments__"."""
    return Q(**{f"{of}state__in": WAITING_STATES, f"{of}has_seat": False, f"{of}waiting_number__isnull": False})


WAITS = waits()
# Nobody has been told of a draft, nor of what a team asks the moderators; `Enrolment.was_told` says it of one row.
UNTOLD = Q(state=EnrolmentState.DRAFTED) | Q(state=EnrolmentState.APPLIED, team__isnull=False)


def _units_of_course() -> Subquery:
    from learning.models import Unit

    units = Unit.objects.current().filter(module__course=OuterRef("cohort__course"), module__is_current=True)
    return Subquery(units.order_by().values("module__course").annotate(number=Count("pk")).values("number"))


def _ending() -> Subquery:
    """Return how an enrolment that is withdrawn came to its end; nothing where its history does not say."""
    from learning.models import EnrolmentChange

    ends = [ChangeKind.WITHDRAWN, ChangeKind.REPLACED]
    ended = EnrolmentChange.objects.filter(enrolment=OuterRef("pk"), what__in=ends).order_by("-pk")
    how = Case(
        When(what=ChangeKind.REPLACED, then=Value(Ending.REPLACED.value)),
        When(~Q(actor=Actor.PERSON), then=Value(Ending.WITHDRAWN.value)),
        When(enrolment__joined_at__isnull=False, then=Value(Ending.LEFT.value)),
        When(enrolment__invited_at__isnull=False, then=Value(Ending.DECLINED.value)),
        When(enrolment__waiting_number=None, then=Value(Ending.TAKEN_BACK.value)),
        default=Value(Ending.LEFT_LIST.value),
    )
    return Subquery(ended.values(how=how)[:1])


class EnrolmentQuerySet(QuerySet):
    def live(self) -> "EnrolmentQuerySet":
        """Return those who take part, may join, or wait."""
        return self.filter(state__in=LIVE_STATES)

    def leavable(self) -> "EnrolmentQuerySet":
        """Return those that can be withdrawn."""
        return self.filter(state__in=LEAVABLE_STATES)

    def joined(self) -> "EnrolmentQuerySet":
        """Return those who take part or have finished."""
        return self.filter(state__in=JOINED_STATES)

    def told(self) -> "EnrolmentQuerySet":
        """Return the live ones whose people have heard of them: neither drafts nor what a team asks the moderators."""
        return self.live().exclude(UNTOLD)

    def once_each(self) -> "EnrolmentQuerySet":
        """Keep one for each address, what somebody has joined before what two cities have invited them to."""
        joined_first = F("joined_at").asc(nulls_last=True)
        return self.order_by("email_key", joined_first, "pk").distinct("email_key")

    def seated(self) -> "EnrolmentQuerySet":
        """Return those who hold a seat."""
        return self.filter(has_seat=True)

    def waiting(self) -> "EnrolmentQuerySet":
        """Return those who wait for a seat, drafts among them, the first in line first."""
        return self.filter(WAITS).order_by("waiting_number")

    def applications(self) -> "EnrolmentQuerySet":
        """Return what a moderator has to decide on, the oldest first; teams of coordinators not approved wait."""
        return self.filter(Q(team=None) | ~Q(team__state="draft"), state=EnrolmentState.APPLIED).order_by("created_at")

    def of_team(self, cohort_id: int, local_government_id: int) -> "EnrolmentQuerySet":
        """Return those of one city in one cohort, whoever enrolled them."""
        return self.filter(cohort=cohort_id, local_government=local_government_id)

    def of_person(self, person: Any) -> "EnrolmentQuerySet":
        """Return what is linked to an account: what the person has joined or asked for."""
        return self.filter(person=person)

    def meant_for(self, person: Any, keys: Iterable[str]) -> "EnrolmentQuerySet":
        """Return a person's own and what nobody has joined yet under one of these normalised addresses of theirs.

        Those of which nobody was told are left out. `rules.keys_of` has the addresses.
        """
        return self.exclude(UNTOLD).filter(Q(person=person) | Q(person=None, email_key__in=list(keys)))

    def of_outsiders(self, keys: Iterable[str] = (), without: Iterable[int] = ()) -> "EnrolmentQuerySet":
        """Leave out those whose person takes part in the same cohort by another enrolment.

        With `keys` also what nobody has joined yet under one of these normalised addresses: `rules.keys_of_members` has
        those of whoever takes part. `without` are the keys of enrolments that are taken to have ended.
        """
        joined = self.model._default_manager.joined().filter(cohort=OuterRef("cohort"), person=OuterRef("person"))
        others = self.exclude(Exists(joined.exclude(pk=OuterRef("pk")).exclude(pk__in=list(without))))
        return others.exclude(person=None, email_key__in=list(keys))

    def unanswered_by(self, person: Any, keys: Iterable[str]) -> "EnrolmentQuerySet":
        """Return the invitations to one of a person's addresses that wait for an answer.

        Who has joined the same cohort already, invited by another city, has answered.
        """
        joined = self.model._default_manager.joined().filter(cohort=OuterRef("cohort"), person=person)
        waiting = self.meant_for(person, keys).filter(state=EnrolmentState.INVITED, person=None)
        return waiting.exclude(Exists(joined))

    def furthest_first(self) -> "EnrolmentQuerySet":
        """Sort by how far they have come: taking part before invited before waiting."""
        return self.order_by("-has_seat", F("joined_at").desc(nulls_last=True), "pk")

    def by_name(self) -> "EnrolmentQuerySet":
        """Sort by city, then by name; who is not enrolled any more comes last."""
        gone = Case(When(state__in=LIVE_STATES, then=0), default=1)
        return self.order_by(gone, F("local_government__name").asc(nulls_last=True), "name", "email", "pk")

    def with_progress(self) -> "EnrolmentQuerySet":
        """Add `units`, `units_done` and `last_read_at` in the same statement, and bring the cohort along.

        Only units that are taught now count. `units_due` and `is_behind` of each row follow from them.
        """
        taught = Q(progress__unit__is_current=True, progress__unit__module__is_current=True)
        # A unit may have moved to another course since.
        taught &= Q(progress__unit__module__course=F("cohort__course"))
        return self.select_related("cohort").annotate(
            units=Coalesce(_units_of_course(), 0),
            units_done=Count("progress", filter=taught & Q(progress__completed_at__isnull=False), distinct=True),
            last_read_at=Max("progress__last_read_at"),
        )

    def with_reason(self) -> "EnrolmentQuerySet":
        """Add `declined_because`: what a moderator wrote who declined the application; None for others."""
        from learning.models import EnrolmentChange

        declined = EnrolmentChange.objects.filter(enrolment=OuterRef("pk"), what=ChangeKind.DECLINED).order_by("-pk")
        return self.annotate(declined_because=Subquery(declined.values("reason")[:1]))

    def with_shown_state(self) -> "EnrolmentQuerySet":
        """Add `shown_state`, one of `SHOWN_STATES`; `state_in_words` and `ending` read it."""
        shown = Case(
            When(WAITS, state=EnrolmentState.DRAFTED, then=Value(DRAFT_WAITS)),
            When(state=EnrolmentState.WITHDRAWN, then=Coalesce(_ending(), Value(Ending.WITHDRAWN.value))),
            default=F("state"),
            output_field=CharField(),
        )
        return self.annotate(shown_state=shown)

    def with_number(self) -> "EnrolmentQuerySet":
        """Add `number`: the one on the waiting list of those who wait; None for others, whose row keeps theirs."""
        return self.annotate(number=Case(When(WAITS, then="waiting_number")))

    def with_place(self) -> "EnrolmentQuerySet":
        """Add `place`: how far from the front of the waiting list, 1 being next; None for others."""
        ahead = (
            self.model._default_manager.filter(
                WAITS,
                cohort=OuterRef("cohort"),
                waiting_number__lte=OuterRef("waiting_number"),
            )
            .order_by()
            .values("cohort")
            .annotate(number=Count("pk"))
            .values("number")
        )
        return self.annotate(place=Case(When(WAITS, then=Subquery(ahead))))
