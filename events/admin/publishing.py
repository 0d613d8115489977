"""Saying who will be told of a change, too, where a webinar is published otherwise than by the editor's own button."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from wagtail.models import Page

from accounts.models import User
from accounts.visitors import signed_in
from core import clock
from events import rules
from events.admin.telling import WHO_WILL_BE_TOLD, scheduled, tell_publisher, untold
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
    # The window of what has just been published and is news has just opened.
    is_news = Exists(_with_news_to_come().filter(translation_key=OuterRef("translation_key")))
    is_scheduled = Q(pk__in=WebinarPage.objects.filter(_revisions__approved_go_live_at__gt=clock.now()).values("pk"))
    found = WebinarPage.objects.filter(among, is_news | is_scheduled).order_by("path") if among else []
    own = (page for page in found if rules.may_call_off(signed_in(request), page))
    for page in {page.translation_key: page for page in own}.values():
        tell_publisher(request, page, by_title=True)


def news_of(page: Page, event: Event | None = None) -> str:
    """Return where the news of a page's event is rehearsed as long as there is any to come, else nothing."""
    event = event or Event.objects.filter(translation_key=page.translation_key).first()
    if event is None or not (event.fills_at or untold(event) or _is_scheduled(page, event)):
        return ""
    return reverse("events_news", args=[page.pk])


def news_of_event(event: Event, user: User) -> str:
    """Return the same for an event; nothing for whoever may not publish its page."""
    pages = WebinarPage.objects.filter(translation_key=event.translation_key, alias_of=None)
    page = pages.filter(locale=event.source_locale_id).first()
    return news_of(page, event) if page and rules.may_call_off(user, page) else ""


# What every button that leads there says.
NEWS = WHO_WILL_BE_TOLD


def _is_scheduled(page: Page, event: Event) -> bool:
    """Whether a scheduled publication brings what people will be told of."""
    coming = scheduled(page, event)
    return coming is not None and any(one.people().exists() for one in (coming.news, coming.line) if one)


def _with_news_to_come() -> QuerySet[Event]:
    """Return the events of whose latest change people still have to be told, or whose seats will be given."""
    versions = EventVersion.objects.untold().filter(event=OuterRef("pk"), revision=OuterRef("revision"))
    return Event.objects.filter(Q(fills_at__isnull=False) | Exists(versions))


def _published(page: Page) -> int | None:
    return Page.objects.values_list("live_revision_id", flat=True).get(pk=page.pk)
