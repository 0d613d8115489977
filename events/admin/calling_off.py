"""Calling an event off and letting it take place after all: a sentence with counts, a reason, a button, a rehearsal."""

from abc import abstractmethod
from collections.abc import Iterator
from typing import Any

from django import forms
from django.db.models import Count
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from wagtail.admin import messages
from wagtail.admin.widgets.button import Button
from wagtail.models import Page

from accounts.visitors import signed_in
from core import clock
from core.admin.acts import ActView
from events.admin.news import OfEvent, news_part, seats_part, taking_place
from events.admin.telling import latest_news, of_seats, seats_sentence, to_be_told
from events.audiences import News, NextInLine
from events.enums import EventStatus, RegistrationState
from events.errors import EventError, EventOver
from events.models import Event
from events.services import cancel_event, restore_event
from mail import undo
from mail.admin.dry_run import Part, rehearsed


class EventReasonForm(forms.Form):
    """Why staff call an event off or bring it back."""

    reason = forms.CharField(
        label=_("Reason"), max_length=300, help_text=_("Kept with the event; people do not see it.")
    )


class EventAct(OfEvent, ActView):
    """Does something with one event; whoever may publish its page may do it."""

    form_class = EventReasonForm
    refusals = (EventError,)

    template_name = "mail/admin/rehearsed_act.html"
    # What the event's status would be, once acted on.
    status: EventStatus
    # What was done, where there is nobody to tell.
    done_in_silence: Any

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Ask, unless the event is over: nothing that the page would promise could happen."""
        if self.event.is_over:
            messages.error(request, EventOver.of_event)
            return HttpResponseRedirect(self.get_back_url())
        return super().get(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the rehearsal of what people would be told."""
        return super().get_context_data(**kwargs, **rehearsed(*self.get_parts()))

    def get_parts(self) -> Iterator[Part]:
        """Yield what people would be told, once acted on."""
        yield news_part(self.page, self.news, undo.leaves_at())

    @cached_property
    def news(self) -> News:
        """What people would be told, once acted on."""
        return News(self.event, self.status)

    def get_done(self, acted: Event) -> str:
        """Say how many will be told and when: done twice, or when everybody knows, it may be nobody."""
        number, minutes = to_be_told(latest_news(acted))
        seats = [*of_seats(acted)]
        done = self.done if seats else self.done_in_silence
        if number:
            done = self.say_done(number) % {"number": number, "minutes": minutes}
        return " ".join([str(done), *seats])

    @abstractmethod
    def say_done(self, number: int) -> str:
        """Return what was done where people will be told, with holes for their number and the minutes."""


class CallOffView(EventAct):
    """Calls an event off."""

    status = EventStatus.CANCELLED
    page_title = _("Cancel an event")
    button = _("Cancel this event")
    done_in_silence = _("The event is cancelled. There is nobody to tell, so nobody gets a mail.")

    def get_sentence(self) -> str:
        """Say who is told, what happens to calendars, and how it is undone."""
        counted = self.news.people().order_by().values_list("state").annotate(number=Count("pk"))
        numbers = dict(counted)
        if not numbers:
            return gettext(
                "Page, list and calendar feed show the event as cancelled at once. There is nobody to tell, so nobody "
                "gets a mail."
            )
        return gettext(
            "Page, list and calendar feed show the event as cancelled at once. In %(minutes)s a mail will go to "
            "%(people)s, and the event will leave their calendars. Restored before that, nobody hears of it."
        ) % {"people": _in_words(numbers), "minutes": undo.window_in_words()}

    def say_done(self, number: int) -> str:
        """Say when they are told, and what keeps it from them."""
        return ngettext(
            "The event is cancelled. %(number)s person will be told in %(minutes)s. Restored before that, nobody "
            "hears of it.",
            "The event is cancelled. %(number)s people will be told in %(minutes)s. Restored before that, nobody "
            "hears of it.",
            number,
        )

    def act(self, said: dict[str, Any]) -> Event:
        """Call it off in the name of staff."""
        return cancel_event(event_id=self.event.pk, by=signed_in(self.request), reason=said["reason"])


class RestoreView(EventAct):
    """Lets an event that was called off take place after all."""

    status = EventStatus.SCHEDULED
    page_title = _("Restore an event")
    button = _("Restore this event")
    done = _("The event takes place after all.")
    done_in_silence = _(
        "The event takes place after all. Nobody who is registered has been told of the cancellation, so nobody gets "
        "a mail."
    )

    @cached_property
    def line(self) -> NextInLine:
        """Those who wait for a seat that became free meanwhile."""
        return NextInLine(taking_place(self.event))

    @cached_property
    def news(self) -> News:
        """What the others would be told."""
        return News(self.event, self.status, line=self.line)

    def get_parts(self) -> Iterator[Part]:
        """Yield who would be told that it takes place after all, and who would get a seat."""
        is_seat_given = self.line.people().exists()
        heading = _("News of the change") if is_seat_given else ""
        yield news_part(self.page, self.news, undo.leaves_at(), heading=heading)
        if is_seat_given:
            yield seats_part(self.page, self.line, undo.leaves_at())

    def get_sentence(self) -> str:
        """Say who is told, and who gets a seat."""
        seated = self.line.people().count()
        minutes = undo.window_in_words()
        if not seated:
            return self._of_news()
        return f"{self._of_news(is_all=False)} {seats_sentence(seated, minutes)}"

    def _of_news(self, *, is_all: bool = True) -> str:
        """Say who is told, unless somebody gets a seat: nobody, where the cancellation was faster undone than told."""
        number = self.news.people().count()
        if not number and not is_all:
            return gettext("The event takes place after all, and everybody has the seat or place they had.")
        if not number:
            return gettext(
                "The event takes place after all, and everybody has the seat or place they had. Nobody who is "
                "registered has been told of the cancellation, so nobody gets a mail."
            )
        return ngettext(
            "The event takes place after all, and everybody has the seat or place they had. %(number)s person has "
            "been told of the cancellation, or of another date or venue, and will get a mail in %(minutes)s.",
            "The event takes place after all, and everybody has the seat or place they had. %(number)s people have "
            "been told of the cancellation, or of another date or venue, and will get a mail in %(minutes)s.",
            number,
        ) % {"number": number, "minutes": undo.window_in_words()}

    def say_done(self, number: int) -> str:
        """Say when they are told."""
        return ngettext(
            "The event takes place after all. %(number)s person will be told in %(minutes)s.",
            "The event takes place after all. %(number)s people will be told in %(minutes)s.",
            number,
        )

    def act(self, said: dict[str, Any]) -> Event:
        """Restore it in the name of staff."""
        return restore_event(event_id=self.event.pk, by=signed_in(self.request), reason=said["reason"])


def _in_words(numbers: dict[str, int]) -> str:
    """Return how many have a seat and how many wait; of those who are nobody nothing is said."""
    seats, waiting = numbers.get(RegistrationState.CONFIRMED, 0), numbers.get(RegistrationState.WAITING, 0)
    seated = ngettext("%(number)s person with a seat", "%(number)s people with a seat", seats) % {"number": seats}
    in_line = ngettext("%(number)s waiting person", "%(number)s waiting people", waiting) % {"number": waiting}
    if seats and waiting:
        return gettext("%(seats)s and %(waiting)s") % {"seats": seated, "waiting": in_line}
    return seated if seats else in_line


def button_for(page: Page) -> Iterator[Button]:
    """Return the button that fits an event that is not over."""
    event = Event.objects.filter(translation_key=page.translation_key, ends_at__gt=clock.now()).first()
    if event is not None:
        name, label = (
            ("events_restore", RestoreView.button) if event.is_cancelled else ("events_call_off", CallOffView.button)
        )
        yield Button(label, reverse(name, args=[page.pk]), icon_name="date", priority=16)
