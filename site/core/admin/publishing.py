"""Publishing outside the editor: a page that cannot be published yet is named, and then nothing is."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from wagtail.admin import messages
from wagtail.admin.views.pages.bulk_actions.publish import PublishBulkAction
from wagtail.admin.views.pages.workflow import WorkflowActionView
from wagtail.models import Page

from core.projection import Unprojectable

# What a page says of itself may be missing, or what its record cannot hold.
REFUSALS = (ValidationError, Unprojectable)


class NotPublished(Exception):
    """One page of several cannot be published yet."""

    def __init__(self, page: Page, refusal: Exception) -> None:
        self.page, self.refusal = page, refusal
        super().__init__(page.pk)


class Publish(PublishBulkAction):
    """Wagtail's publishing of several pages, in words where it would break off."""

    def form_valid(self, form: forms.Form) -> HttpResponse:
        """Publish all of them; or none, and say because of which."""
        try:
            return super().form_valid(form)
        except NotPublished as error:
            _tell(self.request, error.page, error.refusal)
            return HttpResponseRedirect(self.next_url)

    @classmethod
    def execute_action(
        cls, objects: Iterable[Page], include_descendants: bool = False, user: Any = None, **kwargs: Any
    ) -> tuple[int, int]:
        """Publish the pages and, if asked, the drafts beneath them; return how many of each. Raises NotPublished."""
        objects = list(objects)
        among = Q(pk__in=[page.pk for page in objects])
        if include_descendants:
            for page in objects:
                among |= Q(path__startswith=page.path, live=False)
        parents = children = 0
        with transaction.atomic():
            held = hold_pages(among)
            # What is to be published was read before somebody else, perhaps, wrote or deleted it.
            read = Page.objects.in_bulk([page.pk for page in objects if page.pk in held])
            for page in (read[page.pk] for page in objects if page.pk in read):
                _publish(page, user)
                parents += 1
                if include_descendants:
                    drafts = page.get_descendants().not_live().filter(pk__in=held)
                    for draft in drafts.defer_streamfields().specific().iterator():
                        # As in Wagtail's own: what the user may not publish stays as it is.
                        if user is None or draft.permissions_for_user(user).can_publish():
                            _publish(draft, user)
                            children += 1
        return parents, children


class WorkflowAction(WorkflowActionView):
    """Wagtail's answer to a step of a workflow, the last of which publishes."""

    object: Page

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Answer; if something may be written, with the page held and what `setup` read of page and step read anew."""
        if request.method != "POST":
            return super().dispatch(request, *args, **kwargs)
        with transaction.atomic():
            hold_pages(Q(pk=self.object.pk))
            self.object, self.task_state = self.get_object(), self.get_task_state()
            return super().dispatch(request, *args, **kwargs)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Take the step; or leave the page where it was, and say why."""
        try:
            with transaction.atomic():
                return super().post(request, *args, **kwargs)
        except REFUSALS as refusal:
            _tell(request, self.object, refusal)
        if request.headers.get("x-requested-with") == "XMLHttpRequest":
            return self.render_modal_json(request, {"step": "success", "redirect": self.redirect_url})
        return HttpResponseRedirect(self.redirect_url)


def hold_pages(pages: Q) -> set[int]:
    """Hold pages for this transaction, each before its revisions as whoever edits one does; return which there are.

    Publishing reads a revision and writes all of it into the page: read before somebody else has written to both, it
    would bring the old back. In the one order that keeps those who hold several from waiting for each other.
    """
    # Without the key, so that rows which refer to a page can be written meanwhile.
    rows = Page.objects.select_for_update(no_key=True).filter(pages).order_by("pk")
    return set(rows.values_list("pk", flat=True))


def _publish(page: Page, user: Any) -> None:
    """Publish what was written last; Wagtail itself refuses a user who may not."""
    try:
        (page.get_latest_revision() or page.specific.save_revision(user=user)).publish(user=user)
    except REFUSALS as refusal:
        raise NotPublished(page, refusal) from refusal


def _tell(request: HttpRequest, page: Page, refusal: Exception) -> None:
    reason = str(refusal)
    if isinstance(refusal, ValidationError):
        reason = _("Open it and publish it there: you are shown what is missing.")
    words = _("Nothing has been published, because of “%(title)s”. %(reason)s")
    button = messages.button(reverse("wagtailadmin_pages:edit", args=[page.pk]), _("Edit"))
    title = page.specific_deferred.get_admin_display_title()
    messages.error(request, words % {"title": title, "reason": reason}, buttons=[button])
