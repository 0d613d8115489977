"""The queue of requests to represent a city: what nobody but staff can decide, each decided in its row."""

from abc import ABC, abstractmethod
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from django.views.generic import ListView, View
from wagtail.admin import messages
from wagtail.admin.menu import MenuItem
from wagtail.admin.views.generic.base import WagtailAdminTemplateMixin
from wagtail.admin.views.generic.permissions import PermissionCheckedMixin

from accounts.visitors import signed_in
from municipalities import rules, services, waiting
from municipalities.enums import Standing
from municipalities.errors import MembershipError, NotRepresentable
from municipalities.member_forms import ReasonForm
from municipalities.models import LocalGovernment, Membership

PER_PAGE = 25


class RequestsMenuItem(MenuItem):
    """The way to the queue, with the number of requests behind its name."""

    def is_shown(self, request: HttpRequest) -> bool:
        """Show it to those who may decide."""
        return rules.may_decide_all(request.user)

    def render_component(self, request: HttpRequest) -> Any:
        """Return the item as the side bar shows it."""
        component = super().render_component(request)
        if number := waiting.number():
            component.label = f"{self.label} ({number})"
        return component


class QueueView(PermissionCheckedMixin, WagtailAdminTemplateMixin, ListView):
    """All that waits for staff, the oldest first."""

    # Wagtail finds the policy by the model; without one it would let everybody in.
    model = Membership
    permission_required = "change"
    template_name = "municipalities/admin/requests.html"
    page_title = _("Requests to represent a city")
    header_icon = "group"
    paginate_by = PER_PAGE
    context_object_name = "memberships"

    def get_queryset(self) -> QuerySet:
        """Return the requests with person and city."""
        return Membership.objects.waiting_for_staff().for_display()

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        """Lead back to the first page of the admin."""
        return [*self.breadcrumbs_items, {"url": "", "label": self.page_title}]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add a row for each request; four statements, whatever their number."""
        context = super().get_context_data(**kwargs)
        asked = list(context["memberships"])
        known = self._known(asked)
        context["rows"] = [self._row(one, known) for one in asked]
        return context

    def _known(self, asked: list[Membership]) -> dict[str, list[LocalGovernment]]:
        """Return the listed local governments of each country in which a city was proposed."""
        countries = {one.local_government.country for one in asked if _is_proposed(one)}
        known: dict[str, list[LocalGovernment]] = {country: [] for country in countries}
        if countries:
            for city in LocalGovernment.objects.listed().filter(country__in=countries).order_by("name", "pk"):
                known[city.country].append(city)
        return known

    def _row(self, membership: Membership, known: dict[str, list[LocalGovernment]]) -> dict[str, Any]:
        is_proposed = _is_proposed(membership)
        edit = reverse("local_governments:edit", args=[membership.local_government_id]) if is_proposed else ""
        return {
            "membership": membership,
            "is_own": membership.person_id == self.request.user.pk,
            "is_proposed": is_proposed,
            "is_complete": membership.local_government.is_complete,
            "edit_url": edit,
            "same_as": known.get(membership.local_government.country, []) if is_proposed else [],
        }


class DecideView(PermissionCheckedMixin, View, ABC):
    """Takes one decision from the queue and leads back to it, to the next row."""

    model = Membership
    permission_required = "change"
    http_method_names = ["post"]
    done: Any = ""

    @cached_property
    def membership(self) -> Membership | None:
        """The request that is decided; None where its person has taken their account away meanwhile."""
        return Membership.objects.for_display().filter(pk=self.kwargs["pk"]).first()

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Act; a refusal is shown in its own words."""
        if self.membership is None:
            messages.error(request, _("This request is gone."))
            return redirect("membership_queue")
        try:
            self.act(self.membership)
        except MembershipError as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, self.done)
        return redirect("membership_queue")

    @abstractmethod
    def act(self, membership: Membership) -> None:
        """Call the service."""


class ApproveView(DecideView):
    """Approves; a proposed city is listed by that."""

    done = _("The person represents the city now.")

    def act(self, membership: Membership) -> None:
        """Approve in the name of staff."""
        seen = self.request.POST.get("seen")
        services.approve_membership(membership_id=membership.pk, by=signed_in(self.request), seen=seen)


class DeclineView(DecideView):
    """Declines, with a reason; a proposed city is refused by that, for everybody who asked."""

    done = _("The request is declined.")

    def act(self, membership: Membership) -> None:
        """Decline in the name of staff."""
        form = ReasonForm(self.request.POST)
        if not form.is_valid():
            raise MembershipError(_("Write a reason of at most 300 characters: the person reads it."))
        reason = form.cleaned_data["reason"]
        by = signed_in(self.request)
        if _is_proposed(membership):
            services.refuse_local_government(local_government_id=membership.local_government_id, by=by, reason=reason)
        else:
            services.decline_membership(membership_id=membership.pk, by=by, reason=reason)


class MergeView(DecideView):
    """Finds that a proposed city is one that is listed."""

    done = _("The requests belong to the listed city now.")

    def act(self, membership: Membership) -> None:
        """Merge in the name of staff."""
        given = self.request.POST.get("same_as", "")
        if not given.isascii() or not given.isdigit():
            raise NotRepresentable
        services.refuse_local_government(
            local_government_id=membership.local_government_id,
            by=signed_in(self.request),
            same_as=int(given),
        )


def _is_proposed(membership: Membership) -> bool:
    return membership.local_government.standing == Standing.PENDING
