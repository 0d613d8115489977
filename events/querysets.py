"""The named reads of events and registrations."""

from datetime import datetime
from typing import Any

from django.db.models import (
    BooleanField,
    Case,
    CharField,
    Count,
    DateTimeField,
    Exists,
    F,
    Func,
    Min,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Length, Substr
from wagtail.models import Page, PageViewRestriction

from core import clock, languages
from events.enums import LIVE_STATES, EventStatus, RegistrationState, ReminderAudience, ReminderState


def live_pages() -> QuerySet:
    """Return the pages that are live; each says itself who may read it."""
    return Page.objects.filter(live=True, alias_of=None)


def public_pages() -> QuerySet:
    """Return the pages that anybody may read: live, and no restriction on them or above them."""
    restrictions = PageViewRestriction.objects.filter(page__path=Substr(OuterRef("path"), 1, Length("page__path")))
    return live_pages().filter(~Exists(restrictions))


def title_in(language: str, key: str) -> Subquery:
    """Return the title of the live page in `language` of the occasion whose translation key is in field `key`."""
    pages = Page.objects.filter(translation_key=OuterRef(key), live=True, alias_of=None, locale__language_code=language)
    return Subquery(pages.values("title")[:1], output_field=CharField())


class EventQuerySet(QuerySet):
    def upcoming(self, at: datetime | None = None) -> "EventQuerySet":
        """Return what has not ended, the next first; what has been called off stays, marked."""
        return self.filter(ends_at__gt=at or clock.now()).order_by("starts_at", "pk")

    def past(self, at: datetime | None = None) -> "EventQuerySet":
        """Return what has ended, the latest first."""
        return self.filter(ends_at__lte=at or clock.now()).order_by("-starts_at", "-pk")

    def scheduled(self) -> "EventQuerySet":
        """Leave out what has been called off."""
        return self.filter(status=EventStatus.SCHEDULED)

    def with_seats(self) -> "EventQuerySet":
        """Add `seats_taken` and `seats_waiting`."""
        return self.annotate(
            seats_taken=Count("registrations", filter=Q(registrations__state=RegistrationState.CONFIRMED)),
            seats_waiting=Count("registrations", filter=Q(registrations__state=RegistrationState.WAITING)),
        )

    def with_publicity(self) -> "EventQuerySet":
        """Add `is_public`: whether the event has, in some language, a page that anybody may read."""
        return self.annotate(is_public=Exists(public_pages().filter(translation_key=OuterRef("translation_key"))))

    def public(self) -> "EventQuerySet":
        """Return the events that have, in some language, a page that anybody may read."""
        return self.filter(Exists(public_pages().filter(translation_key=OuterRef("translation_key"))))

    def with_month(self) -> "EventQuerySet":
        """Add `month`, such as "2026-12", as clocks in the event's own zone show it."""
        wall = Func(F("timezone"), F("starts_at"), function="timezone", output_field=DateTimeField())
        return self.annotate(month=Func(wall, Value("YYYY-MM"), function="to_char", output_field=CharField()))


class VersionQuerySet(QuerySet):
    def untold(self) -> "VersionQuerySet":
        """Return changes of which nobody has been told yet, or not everybody."""
        return self.filter(told_at=None)


class ReminderQuerySet(QuerySet):
    def with_holding_back(self) -> "ReminderQuerySet":
        """Add `is_held_back`: whether staff keep it from its person, who would otherwise have a reason to get it."""
        keeps = Q(
            state=ReminderState.DROPPED,
            rule__armed_at=None,
            registration__state__in=LIVE_STATES,
            registration__event__status=EventStatus.SCHEDULED,
        )
        return self.annotate(is_held_back=Case(When(keeps, then=True), default=False, output_field=BooleanField()))


class RegistrationQuerySet(QuerySet):
    def confirmed(self) -> "RegistrationQuerySet":
        """Return those who have a seat."""
        return self.filter(state=RegistrationState.CONFIRMED)

    def waiting(self) -> "RegistrationQuerySet":
        """Return those who wait, the first in line first."""
        return self.filter(state=RegistrationState.WAITING).order_by("waiting_number")

    def live(self) -> "RegistrationQuerySet":
        """Return those who have a seat or wait for one."""
        return self.filter(state__in=LIVE_STATES)

    def of_audience(self, audience: str) -> "RegistrationQuerySet":
        """Return those whom a reminder or a message of staff is for, as is known now."""
        found = ReminderAudience(audience)
        people = self.filter(state=found.state, erased_at=None)
        if not found.is_of_the_past:
            return people
        # Not joined: whoever was seen by two sources counts once.
        were_there = Q(pk__in=self.model._default_manager.filter(attendances__isnull=False).values("pk"))
        return people.filter(were_there if found is ReminderAudience.ATTENDED else ~were_there)

    def of_person(self, person: Any) -> "RegistrationQuerySet":
        """Return a signed-in person's own registrations."""
        return self.filter(person=person)

    def with_place(self) -> "RegistrationQuerySet":
        """Add `place`: how far from the front of the waiting list, 1 being next; None for others."""
        ahead = (
            self.model._default_manager.filter(
                event=OuterRef("event"),
                state=RegistrationState.WAITING,
                waiting_number__lte=OuterRef("waiting_number"),
            )
            .order_by()
            .values("event")
            .annotate(number=Count("pk"))
            .values("number")
        )
        # Whoever has left the list keeps the number in their row, and would be counted among those who wait.
        return self.annotate(place=Case(When(state=RegistrationState.WAITING, then=Subquery(ahead))))

    def with_number(self) -> "RegistrationQuerySet":
        """Add `number`: the one on the waiting list of those who wait; None for others, whose row keeps theirs."""
        return self.annotate(number=Case(When(state=RegistrationState.WAITING, then="waiting_number")))

    def with_presence(self) -> "RegistrationQuerySet":
        """Add `joined_at`: when the person was first seen at the event, whatever the source; None for who was not."""
        return self.annotate(joined_at=Min("attendances__first_seen_at"))

    def for_display(self, language: str | None = None) -> "RegistrationQuerySet":
        """Add all that a person's own list shows, in one statement: event, title, place.

        What has not ended comes first, the next event before the others; what has follows, the latest first.
        """
        is_coming = Q(event__ends_at__gt=clock.now())
        return (
            self.live()
            .select_related("event__source_locale")
            .with_place()
            .annotate(local_title=title_in(language or languages.current(), "event__translation_key"))
            .order_by(Case(When(is_coming, then="event__starts_at")).asc(nulls_last=True), "-event__starts_at", "pk")
        )
