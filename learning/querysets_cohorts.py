"""Named reads of cohorts and of the teams in them."""

from datetime import datetime
from typing import Any

from django.db.models import (
    BooleanField,
    Count,
    DateField,
    DateTimeField,
    Exists,
    ExpressionWrapper,
    F,
    Func,
    OuterRef,
    Q,
    QuerySet,
    Value,
)
from django.db.models.functions import Cast
from wagtail.models import Page

from core import clock
from core.seats import SeatState
from events.querysets import public_pages
from learning.enums import LIVE_TEAMS, TOLD_KINDS, UNTOLD_TEAMS, TeamState
from learning.querysets_enrolments import waits
from municipalities.models import Membership


class CohortQuerySet(QuerySet):
    def _with_today(self, at: datetime | None) -> "CohortQuerySet":
        """Add `today`: the day that calendars in the cohort's own zone show at that moment."""
        wall = Func(F("timezone"), Value(at or clock.now(), output_field=DateTimeField()), function="timezone")
        return self.alias(today=Cast(wall, DateField()))

    def listed(self, at: datetime | None = None) -> "CohortQuerySet":
        """Return what can be met: not over, not called off, of a course that is taught; the next first.

        The course may be kept to some people: what anybody reads, or gets in a mail, asks for `public()` as well, and
        what one visitor is shown goes through `access.met_by`.
        """
        return (
            self._with_today(at)
            .filter(called_off_at=None, ends_on__gte=F("today"), course__is_current=True)
            .order_by("starts_on", "pk")
        )

    def open_for_enrolment(self, at: datetime | None = None) -> "CohortQuerySet":
        """Return what somebody can enrol in at that moment, a place on the waiting list included."""
        at = at or clock.now()
        return self.listed(at).filter(
            Q(opens_at=None) | Q(opens_at__lte=at),
            Q(closes_at__gt=at) | Q(closes_at=None, starts_on__gt=F("today")),
            ~Q(seat_state=SeatState.FULL),
        )

    def public(self) -> "CohortQuerySet":
        """Return those whose course has, in some language, a page that anybody may read."""
        pages = public_pages().filter(translation_key=OuterRef("course__translation_key"))
        return self.filter(Exists(pages))

    def with_publicity(self) -> "CohortQuerySet":
        """Add `is_kept`: whether every page of the course is kept to some people, so that not everybody may know of it.

        A course whose record stands without any page keeps nothing to anybody.
        """
        pages = Page.objects.filter(translation_key=OuterRef("course__translation_key"), live=True, alias_of=None)
        public = public_pages().filter(translation_key=OuterRef("course__translation_key"))
        return self.annotate(is_kept=ExpressionWrapper(Exists(pages) & ~Exists(public), output_field=BooleanField()))

    def of_course(self, course: Any) -> "CohortQuerySet":
        """Return the cohorts of a course, or of its key."""
        return self.filter(course=course)

    def in_language(self, code: str) -> "CohortQuerySet":
        """Return those that are held in a language."""
        return self.filter(languages__contains=[code])

    def moderated_by(self, person: Any) -> "CohortQuerySet":
        """Return those that a person guides."""
        return self.filter(moderators=person)

    def due_to_fill(self, at: datetime | None = None) -> "CohortQuerySet":
        """Return those that have held free seats back for long enough."""
        return self.filter(fills_at__lte=at or clock.now())

    def with_seats(self) -> "CohortQuerySet":
        """Add `seats_held`, `seats_waiting` and `applications`."""
        return self.annotate(
            seats_held=Count("enrolments", filter=Q(enrolments__has_seat=True)),
            seats_waiting=Count("enrolments", filter=waits("enrolments__")),
            applications=Count("enrolments", filter=Q(enrolments__state="applied")),
        )


class TeamQuerySet(QuerySet):
    def live(self) -> "TeamQuerySet":
        """Return those that are enrolled, or will be once they leave."""
        return self.filter(state__in=LIVE_TEAMS)

    def drafts(self) -> "TeamQuerySet":
        """Return those of which nobody has been told yet: the coordinator is not approved, or can take them back."""
        return self.filter(state=TeamState.DRAFT)

    def approved(self) -> "TeamQuerySet":
        """Return the drafts whose coordinator has been approved: what a cohort holds back while it is called off.

        What leaves or ends at a moment of its own is none of it.
        """
        deciding = Membership.objects.deciding().filter(
            person=OuterRef("coordinator"), local_government=OuterRef("local_government")
        )
        return self.drafts().filter(Exists(deciding), sends_at=None, withdraws_at=None)

    def due_to_send(self, at: datetime | None = None) -> "TeamQuerySet":
        """Return the drafts that their coordinator could have taken back for long enough, and has not withdrawn."""
        return self.drafts().filter(sends_at__lte=at or clock.now(), withdraws_at=None)

    def due_to_withdraw(self, at: datetime | None = None) -> "TeamQuerySet":
        """Return the teams that were to be withdrawn and could have been kept for long enough."""
        return self.live().filter(withdraws_at__lte=at or clock.now())

    def ending(self) -> "TeamQuerySet":
        """Return those that are to be withdrawn and can be kept yet."""
        return self.live().filter(withdraws_at__isnull=False)

    def untold(self) -> "TeamQuerySet":
        """Return those of which nobody was told: drafts, and drafts that were let go."""
        return self.filter(state__in=UNTOLD_TEAMS)

    def never_told(self) -> "TeamQuerySet":
        """Return those of which nobody was ever told: also what was taken back before its coordinator was approved."""
        from learning.models import EnrolmentChange

        told = EnrolmentChange.objects.filter(enrolment__team=OuterRef("pk"), what__in=TOLD_KINDS)
        return self.filter(Q(state__in=UNTOLD_TEAMS) | Q(~Exists(told), state=TeamState.WITHDRAWN))

    def taken_back(self) -> "TeamQuerySet":
        """Return those that an approved coordinator took back before anybody was told."""
        return self.never_told().filter(state=TeamState.WITHDRAWN, sends_at__isnull=False)

    def sent(self) -> "TeamQuerySet":
        """Return those whose people have been invited."""
        return self.filter(state=TeamState.SENT)

    def overdue(self, at: datetime | None = None) -> "TeamQuerySet":
        """Return the drafts that have held their seats long enough."""
        return self.drafts().filter(holds_until__lte=at or clock.now())

    def of_city(self, cohort_id: int, local_government_id: int) -> "TeamQuerySet":
        """Return those of one city in one cohort."""
        return self.filter(cohort=cohort_id, local_government=local_government_id)

    def of_coordinator(self, person: Any) -> "TeamQuerySet":
        """Return those that a person enrols."""
        return self.filter(coordinator=person)
