"""Saying who will be told of a change, too, where a webinar is published otherwise than by the editor's own button."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from uuid import UUID

from django.db.models import Exists, F, OuterRef, Q
from django.http import HttpRequest
from django.urls import reverse
from wagtail.models import Page

from accounts.models import User
from accounts.visitors import signed_in
from events import rules
from events.admin.news import NewsView, tell_publisher
from events.models import Event, EventVersion, WebinarPage


@contextmanager
def telling(request: HttpRequest, page: Page, *, by_title: bool = False) -> Iterator[None]:
    """Say who will be told, where what is done within publishes the page; Wagtail runs no hook in a workflow."""
    before = _published(page)
    yield
    if _published(page) != before:
        tell_publisher(request, page, by_title=by_title)


def tell_of_many(request: HttpRequest, pages: Iterable[Page], *, and_beneath: bool) -> None:
    """Say once for each event with news, by its title, who will be told, after several pages have been published.

    Of what lies beneath, pages that the person may not publish stayed as they were, and their news is not for them.
    """
    among = Q()
    for page in pages:
        among |= Q(path__startswith=page.path) if and_beneath else Q(pk=page.pk)
    # What has just been published and is news is untold: its window has just opened.
    untold = _untold().filter(event__translation_key=OuterRef("translation_key"))
    found = WebinarPage.objects.filter(among, Exists(untold)).order_by("path") if among else []
    own = (page for page in found if rules.may_call_off(signed_in(request), page))
    for page in {page.translation_key: page for page in own}.values():
        tell_publisher(request, page, by_title=True)


def news_of(page: Page) -> str:
    """Return where the news of a page's event is rehearsed as long as it is untold, else nothing."""
    return reverse("events_news", args=[page.pk]) if _is_untold(page.translation_key) else ""


def news_of_event(event: Event, user: User) -> str:
    """Return the same for an event; nothing for whoever may not publish its page."""
    if not _is_untold(event.translation_key):
        return ""
    pages = WebinarPage.objects.filter(translation_key=event.translation_key, alias_of=None)
    page = pages.filter(locale=event.source_locale_id).first()
    return reverse("events_news", args=[page.pk]) if page and rules.may_call_off(user, page) else ""


# What every button that leads there says.
NEWS = NewsView.page_title


def _is_untold(key: UUID) -> bool:
    return _untold().filter(event__translation_key=key).exists()


def _untold():
    """Return the latest versions of events of which people still have to be told."""
    return EventVersion.objects.untold().filter(revision=F("event__revision"))


def _published(page: Page) -> int | None:
    return Page.objects.values_list("live_revision_id", flat=True).get(pk=page.pk)
