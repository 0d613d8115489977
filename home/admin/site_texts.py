"""The form of what the site says about itself, once in each language."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from wagtail.admin.forms import WagtailAdminModelForm
from wagtail.admin.panels import FieldPanel, ObjectList
from wagtail.admin.ui.tables import Column
from wagtail.admin.viewsets.model import ModelViewSet

from core import pagecache
from core.exports import MomentColumn
from home.models import SiteText


class SiteTextForm(WagtailAdminModelForm):
    """The texts of one language; every page shows some of them."""

    def save(self, commit: bool = True) -> Any:
        pagecache.purge("site")
        return super().save(commit)


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
