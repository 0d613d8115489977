"""What the foundation adds to Wagtail; registration only."""

from typing import Any

from django.urls import URLPattern, path
from wagtail import hooks
from wagtail.permission_policies import ModelPermissionPolicy
from wagtail.permissions import register_permission_policy

from core.admin import branding, translating
from core.admin.deleting import Delete, say_what_stays
from core.admin.editing import PageViews
from core.admin.health import HealthMenuItem, HealthView
from core.admin.publishing import Publish
from core.admin.terms import TermViewSet
from core.linkhandlers import DocumentLinks, PageLinks
from core.models import Heartbeat, Term
from core.pagecache.marking import mark_page
from core.permissions import NoDeletion

register_permission_policy(Term, NoDeletion(Term))
register_permission_policy(Heartbeat, ModelPermissionPolicy(Heartbeat))

# After hooks that may answer themselves, so that only a page which is really served is marked.
hooks.register("before_serve_page", mark_page, order=100)
hooks.register("insert_global_admin_css", branding.stylesheet)
# After Wagtail's own, in whose place they come.
hooks.register("register_bulk_action", Publish, order=1)
hooks.register("register_bulk_action", Delete, order=1)
hooks.register("before_delete_page", say_what_stays)
translating.replace_stock()


# After Wagtail's own handlers, which these replace.
@hooks.register("register_rich_text_features", order=100)
def link_together(features: Any) -> None:
    features.register_link_type(PageLinks)
    features.register_link_type(DocumentLinks)


@hooks.register("register_admin_viewset")
def register_terms() -> TermViewSet:
    return TermViewSet("terms")


@hooks.register("register_admin_viewset")
def register_page_views() -> PageViews:
    return PageViews("pages_of_ours")


@hooks.register("register_admin_urls")
def health_urls() -> list[URLPattern]:
    return [path("health/", HealthView.as_view(), name="core_health")]


@hooks.register("register_reports_menu_item")
def health_menu_item() -> HealthMenuItem:
    return HealthMenuItem()
