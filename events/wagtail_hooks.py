"""Registers events with the admin."""

from collections.abc import Iterator

from django.http import HttpRequest
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext_lazy as _
from wagtail import hooks
from wagtail.admin.views.bulk_action import BulkAction
from wagtail.admin.views.pages.bulk_actions.page_bulk_action import PageBulkAction
from wagtail.admin.viewsets.base import ViewSetGroup
from wagtail.admin.widgets.button import Button, ListingButton
from wagtail.models import Page
from wagtail.permissions import register_permission_policy

from events import rules
from events.admin.calling_off import CallOffView, RestoreView, button_for
from events.admin.cloning import CloneView
from events.admin.news import NewsSampleView, NewsView
from events.admin.pages import WebinarViews
from events.admin.publishing import NEWS, news_of, tell_of_many
from events.admin.registrations import RegistrationPolicy, Registrations
from events.admin.telling import tell_publisher
from events.admin.webinars import Webinars
from events.models import Registration, WebinarPage
from events.urls import reminders

register_permission_policy(Registration, RegistrationPolicy(Registration))


class Events(ViewSetGroup):
    """The menu of events."""

    menu_label = _("Events")
    menu_icon = "calendar-alt"
    menu_order = 150
    items = (Webinars, Registrations)


@hooks.register("register_admin_viewset")
def viewsets() -> list:
    """Offer the menu, and put our own views in the place of Wagtail's for webinars."""
    return [WebinarViews("webinar_pages"), Events()]


@hooks.register("register_admin_urls")
def urls() -> list[URLPattern]:
    """Return the addresses of cloning, calling off and its undoing, of what people are told, reminders and messages."""
    return [
        path("webinars/<int:pk>/clone/", CloneView.as_view(), name="events_clone"),
        path("webinars/<int:pk>/cancel/", CallOffView.as_view(), name="events_call_off"),
        path("webinars/<int:pk>/restore/", RestoreView.as_view(), name="events_restore"),
        path("webinars/<int:pk>/news/", NewsView.as_view(), name="events_news"),
        path(
            "webinars/<int:pk>/news/<slug:which>/<slug:language>/",
            NewsSampleView.as_view(),
            name="events_news_sample",
        ),
        *reminders.urlpatterns,
    ]


@hooks.register("after_publish_page")
def tell_of_news(request: HttpRequest, page: Page) -> None:
    """Say who will hear of a new date once a webinar has been published."""
    if isinstance(page.specific_deferred, WebinarPage):
        tell_publisher(request, page)


@hooks.register("after_bulk_action")
def tell_of_news_of_many(request: HttpRequest, action_type: str, objects: list, action: BulkAction) -> None:
    """Say it, too, after several pages have been published at once."""
    if action_type == "publish" and isinstance(action, PageBulkAction):
        and_beneath = action.cleaned_form.cleaned_data["include_descendants"]
        tell_of_many(request, objects, and_beneath=and_beneath)


@hooks.register("register_page_header_buttons")
def news_from_editor(page: Page, user, *args: object, **kwargs: object) -> Iterator[Button]:
    """Lead from the editor to who will be told, as long as they can be kept from it: also once a schedule published."""
    if isinstance(page.specific_deferred, WebinarPage) and rules.may_call_off(user, page) and (url := news_of(page)):
        yield Button(NEWS, url, icon_name="mail", priority=14)


@hooks.register("register_page_header_buttons")
def clone_from_editor(page: Page, user, *args: object, **kwargs: object) -> Iterator[Button]:
    """Offer cloning where a webinar is edited."""
    if _is_offered(page, user):
        yield Button(_("Clone"), reverse("events_clone", args=[page.pk]), icon_name="copy", priority=15)


@hooks.register("register_page_header_buttons")
def reminders_from_editor(page: Page, user, *args: object, **kwargs: object) -> Iterator[Button]:
    """Offer the reminders where a webinar is edited."""
    if isinstance(page.specific_deferred, WebinarPage) and rules.may_change_reminders(user):
        url = reverse("events_reminders", args=[page.translation_key])
        yield Button(_("Reminders"), url, icon_name="mail", priority=16)


@hooks.register("register_page_header_buttons")
def call_off_from_editor(page: Page, user, *args: object, **kwargs: object) -> Iterator[Button]:
    """Offer calling the event off, or restoring it, where its page is edited."""
    if isinstance(page.specific_deferred, WebinarPage) and rules.may_call_off(user, page):
        yield from button_for(page)


@hooks.register("register_page_listing_buttons")
def clone_from_list(page: Page, user, *args: object, **kwargs: object) -> Iterator[Button]:
    """Offer cloning where webinars are listed."""
    if _is_offered(page, user):
        yield ListingButton(_("Clone"), reverse("events_clone", args=[page.pk]), priority=15)


def _is_offered(page: Page, user) -> bool:
    # Whether its parent may be added to is asked when the button is pressed: here it would cost a statement a row.
    return isinstance(page.specific_deferred, WebinarPage) and page.permissions_for_user(user).can_copy()
