"""Named reads of local governments and memberships."""

from datetime import date
from typing import Any

from django.db import models
from django.db.models import Exists, OuterRef, Q

from core import clock
from core.folding import fold
from municipalities.enums import OPEN_STATES, MembershipRole, MembershipState, Standing


class LocalGovernmentQuerySet(models.QuerySet):
    def listed(self) -> "LocalGovernmentQuerySet":
        """Keep those of the public directory."""
        return self.filter(standing=Standing.ACTIVE)

    def pending(self) -> "LocalGovernmentQuerySet":
        """Keep those that somebody proposed and nobody has checked yet."""
        return self.filter(standing=Standing.PENDING)

    def uncoordinated(self) -> "LocalGovernmentQuerySet":
        """Keep those that nobody coordinates at present."""
        memberships = self.model._meta.get_field("memberships").related_model
        return self.exclude(Exists(MembershipQuerySet(memberships).deciding().filter(local_government=OuterRef("pk"))))

    def in_country(self, code: str) -> "LocalGovernmentQuerySet":
        """Keep those of a country, by its ISO 3166-1 alpha-2 code."""
        return self.filter(country=code.upper())

    def on_map(self) -> "LocalGovernmentQuerySet":
        """Keep those whose location is known."""
        return self.filter(latitude__isnull=False)

    def named_like(self, text: str) -> "LocalGovernmentQuerySet":
        """Keep those with a name, in any language, that contains each word of `text`; accents do not matter."""
        found = self
        for word in fold(text).split(" "):
            found = found.filter(folded_names__contains=word)
        return found

    def for_display(self) -> "LocalGovernmentQuerySet":
        """Fetch with each its kind, sub-region and contract status, in the same statement."""
        return self.select_related("kind", "subregion", "ccc_status")


class MembershipQuerySet(models.QuerySet):
    def open(self) -> "MembershipQuerySet":
        """Keep those that wait for a decision or are approved."""
        return self.filter(state__in=OPEN_STATES)

    def asked(self) -> "MembershipQuerySet":
        """Keep those that wait for a decision."""
        return self.filter(state=MembershipState.ASKED)

    def current(self, on: date | None = None) -> "MembershipQuerySet":
        """Keep those that hold on a day, today unless given: approved, begun and not over."""
        on = on or clock.now().date()
        return self.filter(Q(ends_on=None) | Q(ends_on__gte=on), state=MembershipState.APPROVED, starts_on__lte=on)

    def overdue(self, on: date | None = None) -> "MembershipQuerySet":
        """Keep those whose last day has passed and that still have to be ended."""
        return self.filter(state=MembershipState.APPROVED, ends_on__lt=on or clock.now().date())

    def coordinators(self) -> "MembershipQuerySet":
        """Keep those of coordinators."""
        return self.filter(role=MembershipRole.COORDINATOR)

    def deciding(self) -> "MembershipQuerySet":
        """Keep those of current coordinators; whose account is closed decides nothing."""
        return self.current().coordinators().filter(person__is_active=True)

    def of_person(self, person: Any) -> "MembershipQuerySet":
        """Keep one person's own."""
        return self.filter(person=person)

    def waiting_for_staff(self) -> "MembershipQuerySet":
        """Keep what nobody but staff can decide, the oldest first.

        This is whatever is asked of local governments that are only proposed, or that nobody coordinates at present;
        and what staff have decided and can still take back, though somebody coordinates the city meanwhile.
        """
        coordinating = MembershipQuerySet(self.model).deciding().filter(local_government=OuterRef("local_government"))
        coordinators = coordinating.filter(person=OuterRef("held_decision__by"))
        held_by_staff = Q(held_decision__isnull=False) & ~Exists(coordinators)
        return (
            self.asked()
            .filter(Q(local_government__standing=Standing.PENDING) | ~Exists(coordinating) | held_by_staff)
            .order_by("asked_at", "pk")
        )

    def matching(self, words: str) -> "MembershipQuerySet":
        """Keep those whose person, address, department or city's name, in any language, contains the words."""
        return self.filter(
            Q(person__display_name__icontains=words)
            | Q(person__email__icontains=words)
            | Q(department__icontains=words)
            | Q(local_government__folded_names__contains=fold(words))
        )

    def for_display(self) -> "MembershipQuerySet":
        """Fetch with each its person and local government, in the same statement."""
        return self.select_related("person", "local_government")

    def with_decision(self) -> "MembershipQuerySet":
        """Fetch with each what is held about it or about its proposed city, in the same statement."""
        own = ("held_decision__by", "local_government__held_decision__by", "local_government__held_decision__same_as")
        return self.for_display().select_related(*own)


class HeldDecisionQuerySet(models.QuerySet):
    def due(self) -> "HeldDecisionQuerySet":
        """Keep those whose undo window has passed."""
        return self.filter(takes_effect_at__lte=clock.now())

    def about_request(self, membership: Any) -> "HeldDecisionQuerySet":
        """Keep what is decided about a request, or about the whole city that it asks for."""
        return self.filter(Q(membership=membership) | Q(local_government=membership.local_government_id))

    def about_city(self, local_government_id: int) -> "HeldDecisionQuerySet":
        """Keep what is decided about a city, or about any request for it."""
        return self.filter(
            Q(local_government=local_government_id) | Q(membership__local_government=local_government_id)
        )

    def locked(self) -> "HeldDecisionQuerySet":
        """Lock the rows, the caller holding their local government.

        Nobody else locks one, but for an erasure, which deletes it with the account: that is not waited for, since it
        may wait for the request that the caller holds.
        """
        return self.select_for_update(of=("self",), skip_locked=True)
