"""Listing, filters and form of vocabulary terms: one field for the label in each language, no deletion."""

from typing import Any

import django_filters
from django import forms
from django.conf import settings
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from wagtail.admin.filters import WagtailFilterSet
from wagtail.admin.forms import WagtailAdminModelForm
from wagtail.admin.panels import FieldPanel, FieldRowPanel, MultiFieldPanel, ObjectList
from wagtail.admin.ui.tables import BooleanColumn, Column, TitleColumn
from wagtail.admin.views.generic import IndexView
from wagtail.admin.viewsets.model import ModelViewSet

from core import languages, pagecache
from core.exports import ScreenExportMixin
from core.models import Term

LABEL_FIELDS = {code: f"label_{code}" for code, _name in settings.LANGUAGES}


class TermForm(WagtailAdminModelForm):
    """A term with one field for its label in each language; only the English one must be filled in."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for code, name in LABEL_FIELDS.items():
            self.fields[name].initial = self.instance.labels.get(code, "")
        if self.instance.pk:
            # Records, filters and addresses elsewhere know a term by these two.
            for name in ("vocabulary", "slug"):
                self.fields[name].disabled = True

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        given = {code: (cleaned.get(name) or "").strip() for code, name in LABEL_FIELDS.items()}
        self.instance.labels = {code: label for code, label in given.items() if label}
        return cleaned

    def save(self, commit: bool = True) -> Term:
        # A label may stand on any page.
        pagecache.purge("site")
        return super().save(commit)


for _code, _name in LABEL_FIELDS.items():
    TermForm.declared_fields[_name] = TermForm.base_fields[_name] = forms.CharField(
        label=languages.own_name(_code),
        max_length=160,
        required=_code == settings.LANGUAGE_CODE,
        widget=forms.TextInput(attrs={"lang": _code, "dir": languages.direction(_code)}),
    )


def _vocabularies() -> list[tuple[str, str]]:
    names = Term.objects.order_by("vocabulary").values_list("vocabulary", flat=True).distinct()
    return [(name, name) for name in names]


class TermFilterSet(WagtailFilterSet):
    vocabulary = django_filters.ChoiceFilter(label=_("Vocabulary"), choices=_vocabularies)

    class Meta:
        model = Term
        fields = ["vocabulary", "is_active"]


class TermIndexView(ScreenExportMixin, IndexView):
    """The listing; search looks into the labels of every language."""

    def search_queryset(self, queryset: QuerySet) -> QuerySet:
        return queryset.labelled_like(self.search_query) if self.is_searching else queryset


class TermViewSet(ModelViewSet):
    model = Term
    icon = "tag"
    menu_label = _("Vocabularies")
    menu_order = 330
    add_to_admin_menu = True
    index_view_class = TermIndexView
    filterset_class = TermFilterSet
    search_fields = ["slug"]
    ordering = ["vocabulary", "order"]
    list_per_page = 50
    export_filename = "vocabularies"
    copy_view_enabled = False
    list_display = [
        TitleColumn("label", label=_("Label"), get_url=lambda term: reverse("terms:edit", args=[term.pk])),
        Column("vocabulary", label=_("Vocabulary"), sort_key="vocabulary"),
        Column("slug", label=_("Slug"), sort_key="slug"),
        Column("order", label=_("Order"), sort_key="order"),
        BooleanColumn("is_active", label=_("Active"), sort_key="is_active"),
    ]
    edit_handler = ObjectList(
        [
            MultiFieldPanel([FieldPanel(name) for name in LABEL_FIELDS.values()], heading=_("Labels")),
            FieldRowPanel([FieldPanel("vocabulary"), FieldPanel("slug")]),
            FieldRowPanel([FieldPanel("order"), FieldPanel("is_active")]),
            FieldPanel("note"),
        ],
        base_form_class=TermForm,
    )
