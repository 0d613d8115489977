"""The suppression list in the admin: whom mail does not reach and why; each step has its reason."""

from datetime import date, datetime, time, timedelta
from typing import Any

import django_filters
from django import forms
from django.db.models import Q, QuerySet
from django.forms import CheckboxSelectMultiple, RadioSelect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from wagtail.admin.filters import WagtailFilterSet
from wagtail.admin.ui.tables import Column, TitleColumn
from wagtail.admin.views.generic import IndexView
from wagtail.admin.views.generic.models import InspectView
from wagtail.admin.views.generic.permissions import PermissionCheckedMixin
from wagtail.admin.widgets.button import HeaderButton

from core import clock
from core.admin.acts import ActView
from core.admin.records import OfferedPolicy, RecordList
from core.exports import MomentColumn, ScreenExportMixin, WordsColumn
from core.years import validate_year
from mail.addresses import BadAddress, envelope_address, fingerprint
from mail.enums import SuppressionReason
from mail.models import Suppression, SuppressionChange
from mail.services import suppress, take_off


class SuppressionPolicy(OfferedPolicy):
    """Entries are added and taken off, each with a reason; nobody edits one, or its history would be a lie."""

    offered = frozenset({"view", "add", "delete"})


class SuppressionFilters(WagtailFilterSet):
    reason = django_filters.MultipleChoiceFilter(
        label=_("Reason"), choices=SuppressionReason.choices, widget=CheckboxSelectMultiple
    )
    in_force = django_filters.ChoiceFilter(
        label=_("In force"),
        choices=[("yes", _("Now")), ("no", _("Expired"))],
        widget=RadioSelect,
        empty_label=_("All"),
        method="filter_in_force",
    )

    class Meta:
        model = Suppression
        fields = ["reason"]

    def filter_in_force(self, queryset: Any, name: str, value: str) -> QuerySet:
        """Part what stops mail now from what has expired."""
        in_force = Suppression.objects.in_force(now=clock.now())
        return queryset.filter(pk__in=in_force) if value == "yes" else queryset.exclude(pk__in=in_force)


class SuppressionIndex(ScreenExportMixin, IndexView):
    """The list, newest first; search takes a part of an address, or a whole one that was erased since."""

    page_title = _("Suppressed addresses")
    any_permission_required = ["view"]
    is_searchable = True

    def get_base_queryset(self) -> QuerySet:
        return Suppression.objects.all()

    def search_queryset(self, queryset: QuerySet) -> QuerySet:
        if not self.is_searching:
            return queryset
        words = self.search_query.strip()
        return queryset.filter(Q(address__icontains=words) | Q(address_hash=fingerprint(words)))

    def get_list_buttons(self, instance: Suppression) -> list:
        return []

    @cached_property
    def header_buttons(self) -> list:
        if not self.permission_policy.user_has_permission(self.request.user, "add"):
            return []
        return [HeaderButton(label=_("Suppress an address"), url=reverse("suppressions:put_on"), icon_name="plus")]


class SuppressionView(InspectView):
    """One entry with its history."""

    any_permission_required = ["view"]
    template_name = "mail/admin/suppression.html"
    page_title = _("Suppressed address")

    def get_fields(self) -> list[str]:
        return []

    def get_page_subtitle(self) -> str:
        return _address(self.object)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        may_take_off = self.permission_policy.user_has_permission(self.request.user, "delete")
        in_force = _in_force(self.object.address_hash)
        return super().get_context_data(
            **kwargs,
            entry=self.object,
            reasons=_reasons(in_force),
            stops_everything=any(one.stops_everything for one in in_force),
            changes=SuppressionChange.objects.filter(address_hash=self.object.address_hash).select_related("by"),
            take_off_url=reverse("suppressions:take_off", args=[self.object.pk]) if may_take_off else "",
        )


class PutOnForm(forms.Form):
    """An address and why nothing shall be sent to it."""

    address = forms.CharField(label=_("E-mail address"), max_length=254)
    reason = forms.ChoiceField(
        label=_("Reason"),
        choices=[(one.value, one.label) for one in (SuppressionReason.STAFF, SuppressionReason.ASKED)],
        help_text=_("Who asked not to be written to still gets mail that they ask for, such as sign-in codes."),
    )
    note = forms.CharField(label=_("Note"), max_length=300, help_text=_("Kept in the history."))
    until = forms.DateField(
        label=_("Until"),
        required=False,
        validators=[validate_year],
        help_text=_(
            "Empty: for good. Where somebody there asked us not to write, the newsletter subscription then ends too."
        ),
        widget=forms.DateInput({"type": "date"}),
    )

    def clean_address(self) -> str:
        """Return the address as mail servers take it."""
        try:
            return envelope_address(self.cleaned_data["address"])
        except BadAddress:
            raise forms.ValidationError(_("Enter one e-mail address.")) from None

    def clean_until(self) -> datetime | None:
        """Return the end of the day, where the member of staff is."""
        day: date | None = self.cleaned_data["until"]
        if day is None:
            return None
        if day <= timezone.localdate(clock.now()):
            raise forms.ValidationError(_("Choose a day after today."))
        return timezone.make_aware(datetime.combine(day + timedelta(days=1), time.min))


class TakeOffForm(forms.Form):
    """Why mail may be sent again."""

    note = forms.CharField(label=_("Reason"), max_length=300, help_text=_("Kept in the history."))


class SuppressionAct(PermissionCheckedMixin, ActView):
    """Changes the list, for a reason."""

    # Wagtail finds the policy by the model; without one it would let everybody in.
    model = Suppression

    @property
    def by(self) -> Any:
        """Who is at work; Wagtail lets nobody else reach its views."""
        return self.request.user

    def get_back_url(self) -> str:
        """Return the list."""
        return reverse("suppressions:index")

    def get_trail(self) -> list[dict[str, Any]]:
        """Lead back to the list."""
        return [{"url": self.get_back_url(), "label": _("Suppressed addresses")}]


class PutOnView(SuppressionAct):
    """Puts an address on the list."""

    permission_required = "add"
    form_class = PutOnForm
    page_title = _("Suppress an address")
    sentence = _("Mail that waits for this address is not sent any more.")
    button = _("Suppress this address")
    done = _("The address is suppressed.")

    def act(self, said: dict[str, Any]) -> Suppression:
        """Return the entry."""
        reason = SuppressionReason(said["reason"])
        return suppress(address=said["address"], reason=reason, note=said["note"], until=said["until"], by=self.by)

    def get_done_url(self, acted: Suppression) -> str:
        """Return the page of the entry."""
        return reverse("suppressions:inspect", args=[acted.pk])


class TakeOffView(SuppressionAct):
    """Takes an entry off the list."""

    permission_required = "delete"
    form_class = TakeOffForm
    page_title = _("Take off the list")
    sentence = _("Mail can be sent to this address again, unless it is on the list for another reason too.")
    sentence_of_objection = _(
        "Mail can be sent to this address again, unless it is on the list for another reason too. No subscription "
        "comes back: who wants the newsletter again subscribes anew."
    )
    button = _("Take this address off the list")
    done = _("The address is off the list.")
    done_before = _("This entry is off the list.")
    done_in_part = _("This entry is off the list; the address stays on it: %(reasons)s.")

    @cached_property
    def entry(self) -> Suppression:
        """The entry as it was when it was asked about."""
        return get_object_or_404(Suppression, pk=self.kwargs["pk"])

    def get_page_subtitle(self) -> str:
        """Return the address."""
        return _address(self.entry)

    def get_sentence(self) -> Any:
        """Say also that a subscription stays ended where the entry has ended it."""
        has_ended_it = self.entry.reason == SuppressionReason.ASKED and self.entry.expires_at is None
        return self.sentence_of_objection if has_ended_it else self.sentence

    def act(self, said: dict[str, Any]) -> Suppression | None:
        """Return the entry, which is off; nothing where somebody was faster."""
        entry = Suppression.objects.filter(pk=self.kwargs["pk"]).first()
        is_ours = take_off(suppression_id=self.kwargs["pk"], note=said["note"], by=self.by)
        return entry if is_ours else None

    def get_done(self, acted: Suppression | None) -> Any:
        """Say that the address is off the list only where nothing else keeps it there."""
        if acted is None:
            return self.done_before
        staying = _in_force(acted.address_hash)
        return self.done_in_part % {"reasons": _reasons(staying)} if staying else self.done


def _in_force(address_hash: str) -> list[Suppression]:
    return list(Suppression.objects.in_force(now=clock.now()).filter(address_hash=address_hash))


def _reasons(entries: list[Suppression]) -> str:
    return gettext(", ").join(str(entry.get_reason_display()) for entry in entries)


def _address(entry: Suppression) -> str:
    return entry.address or str(_("erased (%(hash)s…)")) % {"hash": entry.address_hash[:12]}


class AddressColumn(WordsColumn, TitleColumn):
    """The address, or that it is erased, as the way to the entry."""

    def get_link_url(self, instance: Suppression, parent_context: Any) -> str:
        return reverse("suppressions:inspect", args=[instance.pk])


class SuppressionViewSet(RecordList):
    """Index, one page an entry, and the two things that staff may do."""

    name = "suppressions"
    model = Suppression
    icon = "cross"
    menu_label = _("Suppressed addresses")
    menu_order = 710
    add_to_settings_menu = True
    inspect_view_enabled = True
    index_view_class = SuppressionIndex
    inspect_view_class = SuppressionView
    filterset_class = SuppressionFilters
    export_filename = "suppressed-addresses"
    list_display = [
        AddressColumn("address", label=_("E-mail address"), accessor=_address, sort_key="address"),
        Column("reason", label=_("Reason"), accessor="get_reason_display", sort_key="reason"),
        WordsColumn("note", label=_("Note")),
        MomentColumn("created_at", label=_("Since"), sort_key="created_at"),
        MomentColumn("expires_at", label=_("Until"), sort_key="expires_at"),
    ]

    def get_own_urlpatterns(self) -> list[URLPattern]:
        return [
            path("put-on/", self.construct_view(PutOnView), name="put_on"),
            path("<int:pk>/", self.inspect_view, name="inspect"),
            path("<int:pk>/take-off/", self.construct_view(TakeOffView), name="take_off"),
        ]
