"""Editing pages, one writer of a page at a time: a browser that saves by itself undoes nothing that was published."""

from typing import Any

from django.db import transaction
from django.db.models import Q
from django.http import HttpRequest, HttpResponseBase
from wagtail.admin.views.pages.edit import EditView
from wagtail.admin.viewsets.pages import PageViewSet

from core.admin.publishing import WorkflowAction, hold_pages
from core.models import BasePage


class OneAtATime:
    """An editor's view whose POST holds the page from before it is read until everything is written.

    Wagtail reads a draft, and saving it writes the whole page: a save by the browser that is still under way when its
    person publishes would set the page back to a draft. Held, whoever comes second reads what the first has written,
    and Wagtail tells a browser that comes late that its version is an old one.
    Put it before Wagtail's EditView among the bases.
    """

    def dispatch(self, request: HttpRequest, page_id: int, **kwargs: Any) -> HttpResponseBase:
        """Answer, with the page locked if something may be written; without a page Wagtail answers 404 itself."""
        if request.method != "POST":
            return super().dispatch(request, page_id, **kwargs)  # type: ignore[misc]
        with transaction.atomic():
            hold_pages(Q(pk=page_id))
            return super().dispatch(request, page_id, **kwargs)  # type: ignore[misc]


class PageEdit(OneAtATime, EditView):
    """Wagtail's view to edit a page."""


class PageViews(PageViewSet):
    """Which views Wagtail uses for every page of ours that has none of its own."""

    model = BasePage
    edit_view_class = PageEdit
    workflow_action_view_class = WorkflowAction
