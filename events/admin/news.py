"""The rehearsal of what people will be told of a change: beside the button that makes it, and after publishing."""

import copy
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.generic import TemplateView
from wagtail.admin.views.generic.base import WagtailAdminTemplateMixin
from wagtail.models import Page

from accounts.visitors import signed_in
from core import clock
from events import rules
from events.admin import moved_reminders
from events.admin.telling import (
    WHO_WILL_BE_TOLD,
    Scheduled,
    latest_news,
    left_behind,
    next_in_line,
    scheduled,
    seats_taken_back,
    taken_back,
    told_at,
    untold,
)
from events.audiences import News, NextInLine
from events.enums import EventStatus
from events.models import Event, WebinarPage
from mail import undo
from mail.admin.dry_run import Part, SampleView, rehearsed
from mail.rehearsal import Audience


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


def news_part(page: Page, news: News, leaves_at: datetime, *, heading: Any = "", which: str = "") -> Part:
    """Return the part of a rehearsal that says who would be told of a change, when, and in which words."""
    return Part(news, leaves_at, _samples(page, which or news.status), heading)


def seats_part(page: Page, line: NextInLine, leaves_at: datetime, *, heading: Any = "", which: str = "seats") -> Part:
    """Return the part of a rehearsal that says who would get a seat, when, and how they would read of it."""
    return Part(line, leaves_at, _samples(page, which), heading or _("Seats for those who wait"))


def _samples(page: Page, which: str) -> Callable[[str], str]:
    return lambda language: reverse("events_news_sample", args=[page.pk, which, language])


class NewsView(OfEvent, WagtailAdminTemplateMixin, TemplateView):
    """What goes to people when the window for undoing what was published has passed, or when a schedule publishes."""

    template_name = "events/admin/news.html"
    page_title = WHO_WILL_BE_TOLD

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the rehearsal of what is still untold."""
        news, coming = latest_news(self.event), scheduled(self.page, self.event)
        shown = rehearsed(*self._parts(news, coming))
        moved = [*moved_reminders.of(self.event, coming)]
        return super().get_context_data(
            **kwargs,
            **shown,
            reminders=[part for one in moved for part in one.parts(lambda which: _samples(self.page, which))],
            left_out=[sentence for one in moved for sentence in one.left_out()],
            is_anybody_told=any(part["rehearsal"].total for part in shown["parts"]),
            warning=left_behind(news),
            taken_back=taken_back(news) or seats_taken_back(self.event),
            told_at=told_at(news),
            back_url=self.get_back_url(),
        )

    def _parts(self, news: News, coming: Scheduled | None) -> Iterator[Part]:
        latest, event = untold(self.event), self.event
        leaves_at = undo.leaves_at(since=latest.made_at) if latest else clock.now()
        yield news_part(self.page, news, leaves_at, heading=_("News of the change"))
        if event.fills_at:
            yield seats_part(self.page, next_in_line(event), event.fills_at)
        if coming:
            then = undo.leaves_at(since=coming.at)
            heading = _("News of the change that is scheduled")
            if coming.news:
                yield news_part(self.page, coming.news, then, heading=heading, which="coming")
            heading = _("Seats for those who wait, by what is scheduled")
            yield seats_part(self.page, coming.line, then, heading=heading, which="coming-seats")

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        """Lead back to the page."""
        return [*self.breadcrumbs_items, *self.get_trail(), {"url": "", "label": self.page_title}]


class NewsSampleView(OfEvent, SampleView):
    """The HTML in one language of what people would be told.

    `which` is the status that the event would have, "seats" for those who would get one (as if the event took place),
    "coming" and "coming-seats" for the same of what is scheduled; `moved_reminders` names the reminders that move.
    """

    def get_audience(self) -> Audience:
        """Return the audience of the rehearsal."""
        which = self.kwargs["which"]
        if which in EventStatus.values:
            return News(self.event, which)
        if which == "seats":
            return NextInLine(taking_place(self.event)) if self.event.is_cancelled else next_in_line(self.event)
        coming = scheduled(self.page, self.event)
        of_schedule = {"coming": coming.news, "coming-seats": coming.line} if coming else {}
        found = of_schedule.get(which) or moved_reminders.named(which, self.event, coming)
        if found is None:
            raise Http404
        return found


def taking_place(event: Event) -> Event:
    """Return a copy in memory that takes place, were the event restored."""
    restored = copy.copy(event)
    restored.status, restored.fills_at = EventStatus.SCHEDULED, undo.leaves_at()
    return restored
