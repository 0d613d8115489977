"""Editing a webinar: the page, its record and its meeting link are written in one transaction or not at all."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from wagtail.admin.views.pages.create import CreateView
from wagtail.admin.views.pages.edit import EditView
from wagtail.admin.views.pages.preview import PreviewOnCreateView, PreviewOnEditView
from wagtail.admin.viewsets.pages import PageViewSet

from core.admin.editing import OneAtATime
from core.admin.publishing import WorkflowAction
from core.projection import AtomicForm
from events.admin.publishing import telling
from events.errors import EventError
from events.models import WebinarPage
from events.models.webinar_form import WebinarForm
from events.services import set_join_link


class WithJoinLink(AtomicForm):
    """Writes the meeting link beside the page; what the services refuse is shown and nothing is kept."""

    def form_valid(self, form: WebinarForm) -> HttpResponse:
        """Save or publish; a refusal undoes all of it."""
        try:
            return super().form_valid(form)
        except EventError as refusal:
            messages.error(self.request, str(refusal))
            return self.form_invalid(form)


class StoresJoinLink:
    """The innermost step, inside the transaction of AtomicForm."""

    def form_valid(self, form: WebinarForm) -> HttpResponse:
        """Store the link if it is another, then let Wagtail save the page."""
        if form.changes_link:
            set_join_link(translation_key=form.instance.translation_key, url=form.cleaned_data["join_link"])
        return super().form_valid(form)


class WebinarCreate(WithJoinLink, StoresJoinLink, CreateView):
    """Wagtail's view to make a page."""


class WebinarEdit(OneAtATime, WithJoinLink, StoresJoinLink, EditView):
    """Wagtail's view to edit a page."""

    def perform_workflow_action(self) -> HttpResponse:
        """Take a step of a workflow with what was edited; if it publishes, say who will be told."""
        with telling(self.request, self.page):
            return super().perform_workflow_action()


class WebinarWorkflowAction(WorkflowAction):
    """A step of a workflow, the last of which publishes."""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Take it; if it publishes, say of which event and who will be told."""
        with telling(request, self.object, by_title=True):
            return super().post(request, *args, **kwargs)


class WithoutJoinLink:
    """A preview that leaves the meeting link out: Wagtail keeps what is previewed in a table of its own for a day."""

    def get_form(self, query_dict: QueryDict) -> WebinarForm:
        """Drop the link before the form, and so the table, sees it."""
        if query_dict:
            query_dict = query_dict.copy()
            query_dict.pop("join_link", None)
            query_dict.pop("join_link_shown", None)
        return super().get_form(query_dict)


class WebinarPreviewOnEdit(WithoutJoinLink, PreviewOnEditView):
    """Wagtail's preview of a page that is being edited."""


class WebinarPreviewOnCreate(WithoutJoinLink, PreviewOnCreateView):
    """Wagtail's preview of a page that is being made."""


class WebinarViews(PageViewSet):
    """Which views Wagtail uses for webinars, wherever it edits pages."""

    model = WebinarPage
    add_view_class = WebinarCreate
    edit_view_class = WebinarEdit
    workflow_action_view_class = WebinarWorkflowAction
    preview_on_add_view_class = WebinarPreviewOnCreate
    preview_on_edit_view_class = WebinarPreviewOnEdit
