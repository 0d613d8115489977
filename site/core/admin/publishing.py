"""Publishing outside the editor: a page that cannot be published yet is named, and then nothing is."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
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
        parents = children = 0
        for page in objects:
            _publish(page, user)
            parents += 1
            if include_descendants:
                for draft in page.get_descendants().not_live().defer_streamfields().specific().iterator():
                    # As in Wagtail's own: what the user may not publish stays as it is.
                    if user is None or draft.permissions_for_user(user).can_publish():
                        _publish(draft, user)
                        children += 1
        return parents, children


class WorkflowAction(WorkflowActionView):
    """Wagtail's answer to a step of a workflow, the last of which publishes."""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Take the step; or leave the page where it was, and say why."""
        try:
            return super().post(request, *args, **kwargs)
        except REFUSALS as refusal:
            _tell(request, self.object, refusal)
        if request.headers.get("x-requested-with") == "XMLHttpRequest":
            return self.render_modal_json(request, {"step": "success", "redirect": self.redirect_url})
        return HttpResponseRedirect(self.redirect_url)


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
