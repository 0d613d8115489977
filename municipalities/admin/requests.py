"""The queue of requests to represent a city: what nobody but staff can decide, each decided from its row."""

from typing import Any

from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import cached_property
from django.views.generic import ListView
from wagtail.admin.forms.search import SearchForm
from wagtail.admin.menu import MenuItem
from wagtail.admin.views.generic.base import WagtailAdminTemplateMixin
from wagtail.admin.views.generic.permissions import PermissionCheckedMixin

from municipalities import drafted, rules, teams, waiting
from municipalities.admin.decisions import TITLE, is_proposed
from municipalities.models import HeldDecision, LocalGovernment, Membership

PER_PAGE = 25


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
    page_title = TITLE
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
        waiting = Membership.objects.waiting_for_staff().with_decision()
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
        countries = {one.local_government.country for one in asked if is_proposed(one)}
        known: dict[str, list[LocalGovernment]] = {country: [] for country in countries}
        if countries:
            for city in LocalGovernment.objects.listed().filter(country__in=countries).order_by("name", "pk"):
                known[city.country].append(city)
        return known

    def _told(self, asked: list[Membership]) -> dict[int, int]:
        """Return how many people refusing each proposed city tells: everybody who asked for it."""
        proposed = {one.local_government_id for one in asked if is_proposed(one)}
        if not proposed:
            return {}
        asking = Membership.objects.asked().filter(local_government__in=proposed).order_by()
        return dict(asking.values_list("local_government").annotate(number=Count("pk")))

    def _row(self, membership: Membership, known: dict[str, list[LocalGovernment]]) -> dict[str, Any]:
        proposed = is_proposed(membership)
        edit = reverse("local_governments:edit", args=[membership.local_government_id]) if proposed else ""
        return {
            "membership": membership,
            "held": _held(membership),
            "is_own": membership.person_id == self.request.user.pk,
            "is_proposed": proposed,
            "is_complete": membership.local_government.is_complete,
            "edit_url": edit,
            "same_as": known.get(membership.local_government.country, []) if proposed else [],
        }


def _held(membership: Membership) -> HeldDecision | None:
    """Return what is decided about a request, or about the whole city that it asks for, and can be taken back."""
    found: HeldDecision | None = getattr(membership, "held_decision", None)
    return found or getattr(membership.local_government, "held_decision", None)
