"""Health of the site: what is well and what is not, in sentences, each with what to do."""

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.generic import TemplateView
from wagtail.admin.menu import MenuItem
from wagtail.admin.views.generic.base import WagtailAdminTemplateMixin
from wagtail.admin.views.generic.permissions import PermissionCheckedMixin

from core import health
from core.models import Heartbeat

VIEW = "core.view_heartbeat"
# Wagtail's own classes for boxes.
BOXES = {
    health.Level.OK: "help-info",
    health.Level.ATTENTION: "help-warning",
    health.Level.TROUBLE: "help-critical",
}
WORDS = {
    health.Level.OK: _("All is well."),
    health.Level.ATTENTION: _("Something wants a look."),
    health.Level.TROUBLE: _("Something needs a hand."),
}


class HealthView(PermissionCheckedMixin, WagtailAdminTemplateMixin, TemplateView):
    """The page under Reports; `core.view_heartbeat` is needed. It takes a second, in which workers answer."""

    model = Heartbeat
    permission_required = "view"
    template_name = "core/admin/health.html"
    page_title = _("Health of the site")
    header_icon = "view"

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        return [*self.breadcrumbs_items, {"url": "", "label": self.page_title}]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        found = health.findings()
        level = health.worst(one for _section, one in found)
        return super().get_context_data(
            **kwargs,
            level=level,
            box=BOXES[level],
            summary=WORDS[level],
            sections=_sections(found),
            figures=health.figures(),
        )


def _sections(found: list[tuple[health.Section, health.Finding]]) -> list[tuple[Any, list[health.Finding]]]:
    """Return what was found by section, the worst first: whoever looks has come for that."""
    by_section = [(section, [one for where, one in found if where is section]) for section in health.Section]
    graves = [(section, sorted(findings, key=_grave_first)) for section, findings in by_section if findings]
    return [
        (health.LABELS[section], findings)
        for section, findings in sorted(graves, key=lambda it: _grave_first(it[1][0]))
    ]


def _grave_first(finding: health.Finding) -> int:
    return -list(health.Level).index(finding.level)


class HealthMenuItem(MenuItem):
    """Shown to those who may look."""

    def __init__(self) -> None:
        super().__init__(HealthView.page_title, reverse("core_health"), name="health", icon_name="view", order=900)

    def is_shown(self, request: Any) -> bool:
        return request.user.has_perm(VIEW)
