"""The rehearsal of what people will be told of a change: beside the button that makes it, and after publishing."""

from datetime import datetime
from math import ceil
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.generic import TemplateView
from wagtail.admin import messages
from wagtail.admin.views.generic.base import WagtailAdminTemplateMixin
from wagtail.models import Page

from accounts.visitors import signed_in
from core import clock, dates
from events import rules
from events.audiences import News
from events.enums import EventStatus
from events.models import Event, EventVersion, WebinarPage
from events.models.event import WHEN_AND_WHERE
from mail import undo
from mail.admin.dry_run import Part, SampleView, rehearsed


class OfEvent:
    """What the screens of one event share: whoever may publish its page is let in, nobody else."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Find page and event, and let in who may publish."""
        self.page = get_object_or_404(WebinarPage, pk=kwargs["pk"])
        if not rules.may_call_off(signed_in(request), self.page):
            raise PermissionDenied
        self.event = get_object_or_404(Event, translation_key=self.page.translation_key)
        return super().dispatch(request, *args, **kwargs)

    def get_page_subtitle(self) -> str:
        """Return the title of the event."""
        return self.page.title

    def get_back_url(self) -> str:
        """Return where the page is edited."""
        return reverse("wagtailadmin_pages:edit", args=[self.page.pk])

    def get_trail(self) -> list[dict[str, Any]]:
        """Lead back to the list and to the page."""
        return [
            {"url": reverse("webinars:index"), "label": _("Webinars")},
            {"url": self.get_back_url(), "label": self.page.title},
        ]


def news_part(page: Page, news: News, leaves_at: datetime) -> Part:
    """Return the part of a rehearsal that says who would be told of a change, when, and in which words."""

    def sample_url(language: str) -> str:
        return reverse("events_news_sample", args=[page.pk, news.status, language])

    return Part(news, leaves_at, sample_url)


class NewsView(OfEvent, WagtailAdminTemplateMixin, TemplateView):
    """What goes to people when the window for undoing a change that was published has passed."""

    template_name = "events/admin/news.html"
    page_title = _("Who will be told")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the rehearsal of what is still untold."""
        latest = untold(self.event)
        leaves_at = undo.leaves_at(since=latest.made_at) if latest else clock.now()
        news = News(self.event, self.event.status)
        return super().get_context_data(
            **kwargs,
            **rehearsed(news_part(self.page, news, leaves_at)),
            warning=left_behind(news),
            taken_back=taken_back(news),
            told_at=told_at(news),
            back_url=self.get_back_url(),
        )

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        """Lead back to the page."""
        return [*self.breadcrumbs_items, *self.get_trail(), {"url": "", "label": self.page_title}]


class NewsSampleView(OfEvent, SampleView):
    """The HTML in one language of what people would be told, were the event's status this one."""

    def get_audience(self) -> News:
        """Return the audience of the rehearsal."""
        status = self.kwargs["status"]
        if status not in EventStatus.values:
            raise Http404
        return News(self.event, status)


def tell_publisher(request: HttpRequest, page: Page, *, by_title: bool = False) -> None:
    """Say after publishing how many will be told and when, or why nobody is; nothing where there is no change."""
    event = Event.objects.filter(translation_key=page.translation_key).first()
    if event is None:
        return
    news = News(event, event.status)
    button = messages.button(reverse("events_news", args=[page.pk]), NewsView.page_title)
    # Where several are published, or one from a list, the title alone says which is meant.
    words = gettext("“%(title)s”: %(sentence)s") if by_title else "%(sentence)s"
    if warning := left_behind(news):
        messages.warning(request, words % {"title": page.title, "sentence": warning}, buttons=[button])
    elif sentence := _who_will_be_told(news):
        messages.info(request, words % {"title": page.title, "sentence": sentence}, buttons=[button])
    elif sentence := _who_will_be_told_then(page, event) or _taken_back_just_now(page, news):
        messages.info(request, words % {"title": page.title, "sentence": sentence})


def _who_will_be_told_then(page: Page, event: Event) -> str:
    """Return how many will be told once a publication that is scheduled brings another date or venue, or nothing."""
    revision = page.revisions.filter(approved_go_live_at__gt=clock.now()).first()
    if revision is None or page.locale_id != event.source_locale_id or event.is_cancelled:
        return ""
    coming = revision.as_object()
    number = event.registrations.live().count()
    if not number or all(getattr(coming, name) == getattr(event, name) for name in WHEN_AND_WHERE):
        return ""
    moment = date_format(timezone.localtime(revision.approved_go_live_at), "Y-m-d H:i e")
    return ngettext(
        "The new date or venue is published at %(moment)s; then %(number)s person will be told.",
        "The new date or venue is published at %(moment)s; then %(number)s people will be told.",
        number,
    ) % {"number": number, "moment": dates.left_to_right(moment)}


def _taken_back_just_now(page: Page, news: News) -> str:
    return taken_back(news) if _has_just_made_the_latest(page, news.event) else ""


def _has_just_made_the_latest(page: Page, event: Event) -> bool:
    """Whether it was the last publication of a page that made the untold version, rather than one before it."""
    published_at = Page.objects.values_list("last_published_at", flat=True).get(pk=page.pk)
    latest = untold(event)
    if latest is None or published_at is None:
        return False
    # Wagtail goes by the machine's clock, which may have been found wrong: only how long ago it was can be compared.
    return latest.made_at >= clock.now() - (clock.of_machine() - published_at)


def left_behind(news: News) -> str:
    """Return the warning that an event moved into the past leaves people with a date to come, or nothing."""
    number = news.left_behind().count()
    if not number:
        return ""
    return ngettext(
        "This date is over, so nobody is told. %(number)s person holds the old one. Publish a date to come, and that "
        "person is told of it; only then can the event be cancelled.",
        "This date is over, so nobody is told. %(number)s people hold the old one. Publish a date to come, and they "
        "are told of it; only then can the event be cancelled.",
        number,
    ) % {"number": number}


def taken_back(news: News) -> str:
    """Return that a change was taken back before those who are registered were told of it, or nothing."""
    latest = untold(news.event)
    if latest is None or news.people().exists() or not news.event.registrations.live().exists():
        return ""
    told = news.event.versions.exclude(told_at=None).order_by("revision").last()
    if told is None or (told.when_and_where, told.status) != (latest.when_and_where, latest.status):
        return ""
    return gettext(
        "The change is taken back: date, time and venue are again as people know them, and nobody gets a mail about it."
    )


def told_at(news: News) -> datetime | None:
    """Return when people were told of an event's latest change; None where nobody was, or somebody still will be."""
    latest = news.event.versions.filter(revision=news.event.revision).exclude(told_at=None).first()
    if latest is None or news.people().exists():
        return None
    # Who registered after the change was made knew it without being told.
    heard = news.event.registrations.filter(told_revision=latest.revision, registered_at__lt=latest.made_at)
    return latest.told_at if heard.exists() else None


def to_be_told(news: News) -> tuple[int, str]:
    """Return how many will be told of an event's latest change, and in how many minutes; nobody once that is over."""
    latest = untold(news.event)
    if latest is None:
        return 0, ""
    left = undo.leaves_at(since=latest.made_at) - clock.now()
    return news.people().count(), undo.in_minutes(max(1, ceil(left.total_seconds() / 60)))


def untold(event: Event) -> EventVersion | None:
    """Return the latest version of an event where people still have to be told of it."""
    return event.versions.filter(revision=event.revision).untold().first()


def _who_will_be_told(news: News) -> str:
    number, minutes = to_be_told(news)
    if not number:
        return ""
    return ngettext(
        "%(number)s person will be told of the change in %(minutes)s.",
        "%(number)s people will be told of the change in %(minutes)s.",
        number,
    ) % {"number": number, "minutes": minutes}
