"""What whoever deletes pages reads first: what goes on without them. Wagtail's questions have no place for it."""

from typing import Any

from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.utils.translation import gettext
from wagtail.admin import messages
from wagtail.admin.views.pages.bulk_actions.delete import DeleteBulkAction
from wagtail.models import Page

from core.models import BasePage


def say_what_stays(request: HttpRequest, page: Page) -> None:
    """Tell it whoever is asked about deleting one page."""
    if request.method == "GET" and isinstance(page, BasePage):
        for sentence in page.what_deleting_means():
            messages.warning(request, sentence)


class Delete(DeleteBulkAction):
    """Wagtail's deleting of several pages, whose question names what goes on without each."""

    def render_to_response(self, context: dict[str, Any], **response_kwargs: Any) -> TemplateResponse:
        """Ask, also after a wrong confirmation, and tell it of each page by its title; what goes too does not stay."""
        words = gettext("“%(title)s”: %(sentence)s")
        pages = [item["item"].specific for item in context["items"]]
        for page in pages:
            for sentence in page.what_deleting_means(without=pages) if isinstance(page, BasePage) else ():
                title = page.get_admin_display_title()
                messages.warning(self.request, words % {"title": title, "sentence": sentence})
        return super().render_to_response(context, **response_kwargs)
