"""The queue of requests to represent a city: what nobody but staff can decide, each decided in its row."""

from abc import ABC, abstractmethod
from typing import Any

from django import forms
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _
from django.views.generic import ListView, View
from wagtail.admin import messages
from wagtail.admin.forms.search import SearchForm
from wagtail.admin.menu import MenuItem
from wagtail.admin.views.generic.base import WagtailAdminTemplateMixin
from wagtail.admin.views.generic.permissions import PermissionCheckedMixin

from accounts.visitors import signed_in
from core.admin.acts import ActView
from core.forms import Line
from mail.isolates import isolate
from municipalities import drafted, rules, services, teams, waiting
from municipalities.enums import Standing
from municipalities.errors import Gone, MembershipError, NotRepresentable
from municipalities.models import LocalGovernment, Membership

PER_PAGE = 25
REFUSED = 422
REASON = _("Write a reason of at most 300 characters: the person reads it.")


class RequestsMenuItem(MenuItem):
    """The way to the queue, with the number of what waits there behind its name."""

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
    # As Wagtail's own lists call it: the links to other pages are Wagtail's.
    page_kwarg = "p"
    context_object_name = "memberships"

    @cached_property
    def words(self) -> str:
        """What is looked for; nothing where it cannot be."""
        asked = SearchForm(self.request.GET)
        return asked.cleaned_data["q"] if asked.is_valid() else ""

    def get_queryset(self) -> QuerySet:
        """Return the requests with person and city, those alone that have the words that are looked for."""
        waiting = Membership.objects.waiting_for_staff().for_display()
        return waiting.matching(self.words) if self.words else waiting

    def paginate_queryset(self, queryset: Any, page_size: int) -> tuple[Any, Any, Any, bool]:
        """Cut out a page; the last one where the wanted one has been decided away meanwhile."""
        paginator = self.get_paginator(queryset, page_size)
        page = paginator.get_page(self.request.GET.get(self.page_kwarg))
        return paginator, page, page.object_list, page.has_other_pages()

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        """Lead back to the first page of the admin."""
        return [*self.breadcrumbs_items, {"url": "", "label": self.page_title}]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add a row for each request, and the teams that nobody coordinates; at most eight statements."""
        context = super().get_context_data(**kwargs, words=self.words)
        asked = list(context["memberships"])
        known, told, invited = self._known(asked), self._told(asked), drafted.invited_by(asked)
        context["left_alone"] = teams.left_alone()
        context["rows"] = [
            {**self._row(one, known), "told": told.get(one.local_government_id, 0), "invited": invited[one.pk]}
            for one in asked
        ]
        return context

    def _known(self, asked: list[Membership]) -> dict[str, list[LocalGovernment]]:
        """Return the listed local governments of each country in which a city was proposed."""
        countries = {one.local_government.country for one in asked if _is_proposed(one)}
        known: dict[str, list[LocalGovernment]] = {country: [] for country in countries}
        if countries:
            for city in LocalGovernment.objects.listed().filter(country__in=countries).order_by("name", "pk"):
                known[city.country].append(city)
        return known

    def _told(self, asked: list[Membership]) -> dict[int, int]:
        """Return how many people refusing each proposed city tells: everybody who asked for it."""
        proposed = {one.local_government_id for one in asked if _is_proposed(one)}
        if not proposed:
            return {}
        asking = Membership.objects.asked().filter(local_government__in=proposed).order_by()
        return dict(asking.values_list("local_government").annotate(number=Count("pk")))

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
        return _asked(self.kwargs["pk"])

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Act; a refusal is shown in its own words."""
        if self.membership is None:
            return _gone(request)
        try:
            self.act(self.membership)
        except MembershipError as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, self.done)
        return redirect(_queue(request))

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


class StaffReasonForm(forms.Form):
    """Why staff decline a request, in words that the person reads; and where in the queue it stood."""

    reason = Line(
        label=_("Reason"),
        max_length=300,
        error_messages={"required": REASON, "max_length": REASON},
        widget=forms.TextInput(attrs={"dir": "auto"}),
    )
    p = forms.CharField(required=False, widget=forms.HiddenInput)
    q = forms.CharField(required=False, widget=forms.HiddenInput)


class DeclineView(PermissionCheckedMixin, ActView):
    """Declines, with a reason; a proposed city is refused by that, for everybody who asked.

    What is typed into the row of the queue comes back on a page of its own where it is refused, so that it is not lost.
    """

    model = Membership
    permission_required = "change"
    http_method_names = ["post"]
    form_class = StaffReasonForm
    page_title = button = _("Decline")
    sentence = REASON
    done = _("The request is declined.")
    refusals = (MembershipError,)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Decline, unless the person has taken their account away meanwhile."""
        return _gone(request) if self.membership is None else super().post(request, *args, **kwargs)

    @cached_property
    def membership(self) -> Membership | None:
        """The request that is declined."""
        return _asked(self.kwargs["pk"])

    def get_page_subtitle(self) -> str:
        """Return person and city."""
        return str(self.membership)

    def get_back_url(self) -> str:
        """Return the queue, at the page that the row stood on."""
        return _queue(self.request)

    def get_trail(self) -> list[dict[str, Any]]:
        """Lead back to the queue."""
        return [{"url": self.get_back_url(), "label": QueueView.page_title}]

    def act(self, said: dict[str, Any]) -> None:
        """Decline in the name of staff."""
        by, membership = signed_in(self.request), self.membership
        if membership is None:
            return
        reason = said["reason"]
        if _is_proposed(membership):
            services.refuse_local_government(local_government_id=membership.local_government_id, by=by, reason=reason)
        else:
            services.decline_membership(membership_id=membership.pk, by=by, reason=reason)

    def form_invalid(self, form: forms.Form) -> HttpResponse:
        """Show what was typed, and what is the matter with it."""
        return self.render_to_response(self.get_context_data(form=form), status=REFUSED)


class MergeView(DecideView):
    """Finds that a proposed city is one that is listed."""

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
        city = LocalGovernment.objects.get(pk=given)
        self.done = _("The requests belong to %(city)s now.") % {"city": isolate(city.display_name)}


def _is_proposed(membership: Membership) -> bool:
    return membership.local_government.standing == Standing.PENDING


def _asked(pk: int) -> Membership | None:
    return Membership.objects.for_display().filter(pk=pk).first()


def _gone(request: HttpRequest) -> HttpResponse:
    messages.error(request, str(Gone()))
    return redirect(_queue(request))


def _queue(request: HttpRequest) -> str:
    """Return the address of the queue, at the page and the search from which the decision came."""
    page, words = request.POST.get("p", ""), request.POST.get("q", "")
    place = {"p": page} if page.isascii() and page.isdigit() else {}
    if words:
        place["q"] = words
    return reverse("membership_queue") + (f"?{urlencode(place)}" if place else "")
