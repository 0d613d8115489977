"""Listing, filters, search and form of local governments in the admin."""

from collections.abc import Iterable

import django_filters
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from wagtail.admin.filters import WagtailFilterSet
from wagtail.admin.panels import FieldPanel, FieldRowPanel, MultiFieldPanel, ObjectList
from wagtail.admin.ui.tables import BooleanColumn, Column
from wagtail.admin.views.generic import EditView, IndexView
from wagtail.admin.viewsets.model import ModelViewSet

from core import countries, languages
from core.admin.refusals import RefusedWhenStored
from core.exports import ScreenExportMixin
from municipalities import rules
from municipalities.enums import Standing
from municipalities.errors import DecidedAndHeld, StandingChanged
from municipalities.forms import NAME_FIELDS, LocalGovernmentForm
from municipalities.models import LocalGovernment
from municipalities.models.local_government import NEEDED


def _present_countries() -> Iterable[tuple[str, str]]:
    language = languages.current()
    codes = LocalGovernment.objects.order_by().values_list("country", flat=True).distinct()
    return sorted(((code, countries.name(code, language)) for code in codes), key=lambda choice: choice[1])


def _label_date(record: LocalGovernment) -> str:
    if record.label_date is None:
        return ""
    if record.label_is_to_the_day:
        return record.label_date.isoformat()
    return f"{record.label_date:%Y-%m}"


class LocalGovernmentFilterSet(WagtailFilterSet):
    country = django_filters.ChoiceFilter(label=_("Country"), choices=_present_countries)
    label = django_filters.BooleanFilter(
        label=_("EU Mission Label"), field_name="label_date", lookup_expr="isnull", exclude=True
    )

    class Meta:
        model = LocalGovernment
        fields = [
            "standing",
            "kind",
            "country",
            "subregion",
            "is_mission_city",
            "label",
            "ccc_status",
            "is_up2030_pilot",
        ]


class LocalGovernmentIndexView(ScreenExportMixin, IndexView):
    """The listing; search looks into the names of every language and takes no notice of accents."""

    def get_base_queryset(self) -> QuerySet:
        return super().get_base_queryset().for_display()

    def search_queryset(self, queryset: QuerySet) -> QuerySet:
        return queryset.named_like(self.search_query) if self.is_searching else queryset


class LocalGovernmentEdit(RefusedWhenStored, EditView):
    """The form; from a proposed city it leads back to the queue, where approving who asked for it lists it.

    What was opened before a decision about the city is refused, and so is what is in the way of one that is held.
    """

    refusal = (StandingChanged, DecidedAndHeld)

    def get_success_url(self) -> str:
        """Return the queue for a city that is decided there, the list for all others."""
        return reverse("membership_queue") if self._is_for_queue() else super().get_success_url()

    def get_success_message(self) -> str | Promise:
        """Say what is still missing, or what comes next."""
        if not self._is_for_queue():
            return super().get_success_message()
        if not self.object.is_complete:
            return NEEDED
        return _("The city has all that it needs: approve who asked for it, and it is listed.")

    def _is_for_queue(self) -> bool:
        return self.object.standing == Standing.PENDING and rules.may_decide_all(self.request.user)


class LocalGovernmentViewSet(ModelViewSet):
    model = LocalGovernment
    edit_view_class = LocalGovernmentEdit
    icon = "globe"
    menu_label = _("Cities")
    menu_order = 320
    add_to_admin_menu = True
    index_view_class = LocalGovernmentIndexView
    filterset_class = LocalGovernmentFilterSet
    search_fields = ["folded_names"]
    ordering = "name"
    list_per_page = 50
    export_filename = "local-governments"
    copy_view_enabled = False
    list_display = [
        "name",
        Column("country_name", label=_("Country"), sort_key="country"),
        Column("subregion", label=_("World region"), sort_key="subregion__order"),
        Column("kind", label=_("Kind")),
        Column("population", label=_("Population"), sort_key="population"),
        BooleanColumn("is_mission_city", label=_("EU Mission City"), sort_key="is_mission_city"),
        Column("label_date", label=_("EU Mission Label"), accessor=_label_date, sort_key="label_date"),
        Column("ccc_status", label=_("Climate City Contract")),
        BooleanColumn("is_up2030_pilot", label=_("UP2030 pilot"), sort_key="is_up2030_pilot"),
        Column("target_year", label=_("Climate neutral by"), sort_key="target_year"),
        Column("standing", label=_("Standing"), accessor="get_standing_display", sort_key="standing"),
    ]
    edit_handler = ObjectList(
        [
            MultiFieldPanel(
                [
                    FieldPanel("name"),
                    FieldRowPanel([FieldPanel(field) for field in NAME_FIELDS.values()]),
                    FieldPanel("slug"),
                    FieldRowPanel([FieldPanel("kind"), FieldPanel("standing")]),
                ],
                heading=_("Name"),
            ),
            MultiFieldPanel(
                [
                    FieldRowPanel([FieldPanel("country"), FieldPanel("subregion")]),
                    FieldRowPanel([FieldPanel("latitude"), FieldPanel("longitude")]),
                    FieldRowPanel([FieldPanel("timezone"), FieldPanel("geonames_id")]),
                ],
                heading=_("Place"),
            ),
            FieldRowPanel(
                [FieldPanel("population"), FieldPanel("population_year"), FieldPanel("population_source")],
                heading=_("Population"),
            ),
            MultiFieldPanel(
                [
                    FieldRowPanel([FieldPanel("target_year"), FieldPanel("is_up2030_pilot")]),
                    FieldRowPanel([FieldPanel("is_mission_city"), FieldPanel("ccc_status")]),
                    FieldRowPanel([FieldPanel("label_date"), FieldPanel("label_precision")]),
                    FieldPanel("source_url"),
                ],
                heading=_("Climate neutrality"),
            ),
        ],
        base_form_class=LocalGovernmentForm,
    )
