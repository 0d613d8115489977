"""The form of what the site says about itself, once in each language."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from wagtail.admin.forms import WagtailAdminModelForm
from wagtail.admin.panels import FieldPanel, ObjectList
from wagtail.admin.ui.tables import Column
from wagtail.admin.viewsets.model import ModelViewSet

from core import pagecache
from core.exports import MomentColumn
from core.meanwhile import CHANGED_MEANWHILE
from home.models import SiteText


class SiteTextForm(WagtailAdminModelForm):
    """The texts of one language; every page shows some of them."""

    # When they were last changed as the form was opened: what somebody else wrote since is not taken back unread.
    opened = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["opened"] = _mark(self.instance)

    def clean(self) -> dict[str, Any] | None:
        """Refuse once what was opened before somebody else's change; saved again, it takes the place of that."""
        cleaned, now = super().clean(), _mark(self.instance)
        if self.cleaned_data.get("opened", now) not in ("", now):
            self._open_anew(now)
            self.add_error(None, CHANGED_MEANWHILE)
        return cleaned

    def _open_anew(self, mark: str) -> None:
        data: Any = self.data.copy()  # type: ignore[has-type]
        data[self.add_prefix("opened")] = mark
        self.data = data

    def save(self, commit: bool = True) -> Any:
        pagecache.purge("site")
        return super().save(commit)


def _mark(text: SiteText) -> str:
    return text.updated_at.isoformat() if text.pk and text.updated_at else ""


class SiteTextViewSet(ModelViewSet):
    model = SiteText
    icon = "doc-full"
    menu_label = _("Site texts")
    menu_order = 340
    add_to_admin_menu = True
    copy_view_enabled = False
    list_display = [
        "__str__",
        Column("organisation", label=_("Organisation")),
        MomentColumn("updated_at", label=_("Last changed")),
    ]
    search_fields = ["organisation"]
    edit_handler = ObjectList(
        [
            FieldPanel("organisation"),
            FieldPanel("tagline"),
            FieldPanel("funding_statement"),
            FieldPanel("privacy"),
            FieldPanel("accessibility"),
            FieldPanel("contact"),
        ],
        base_form_class=SiteTextForm,
    )
