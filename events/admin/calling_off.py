"""Calling an event off and letting it take place after all: a sentence with counts, a reason, a button, a rehearsal."""

from collections.abc import Iterator
from typing import Any

from django import forms
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
from events.admin.news import OfEvent, rehearsed_news
from events.audiences import News
from events.enums import EventStatus
from events.errors import EventError, EventOver
from events.models import Event
from events.services import cancel_event, restore_event
from mail import undo


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

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Ask, unless the event is over: nothing that the page would promise could happen."""
        if clock.now() >= self.event.ends_at:
            messages.error(request, EventOver.of_event)
            return HttpResponseRedirect(self.get_back_url())
        return super().get(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the rehearsal of what people would be told."""
        return super().get_context_data(**kwargs, **rehearsed_news(self.page, self.news, undo.leaves_at()))

    @cached_property
    def news(self) -> News:
        """What people would be told, once acted on."""
        return News(self.event, self.status)

    def people(self) -> dict[str, Any]:
        """Return in words who will get a mail and after how long."""
        seats, waiting = self.event.seats_taken, self.event.seats_waiting
        return {
            "seats": ngettext("%(number)s person with a seat", "%(number)s people with a seat", seats)
            % {"number": seats},
            "waiting": ngettext("%(number)s waiting person", "%(number)s waiting people", waiting)
            % {"number": waiting},
            "minutes": undo.window_in_words(),
        }


class CallOffView(EventAct):
    """Calls an event off."""

    status = EventStatus.CANCELLED
    page_title = _("Cancel an event")
    button = _("Cancel this event")
    done = _("The event is cancelled. People will be told shortly; until then restoring it leaves them undisturbed.")

    def get_sentence(self) -> str:
        """Say who is told, what happens to calendars, and how it is undone."""
        return (
            gettext(
                "Page, list and calendar feed show the event as cancelled at once. In %(minutes)s a mail will go to "
                "%(seats)s and %(waiting)s, and the event will leave their calendars. Restored before that, nobody "
                "is told."
            )
            % self.people()
        )

    def act(self, said: dict[str, Any]) -> None:
        """Call it off in the name of staff."""
        cancel_event(event_id=self.event.pk, by=signed_in(self.request), reason=said["reason"])


class RestoreView(EventAct):
    """Lets an event that was called off take place after all."""

    status = EventStatus.SCHEDULED
    page_title = _("Restore an event")
    button = _("Restore this event")
    done = _("The event takes place after all. Whoever has heard of the cancellation will be told shortly.")

    def get_sentence(self) -> str:
        """Say who is told: nobody, where the cancellation was faster undone than told."""
        number = self.news.people().count()
        if not number:
            return gettext(
                "The event takes place after all, and everybody has the seat or place they had. Nobody has been told "
                "of the cancellation, so nobody gets a mail."
            )
        return ngettext(
            "The event takes place after all, and everybody has the seat or place they had. %(number)s person has "
            "been told of the cancellation, or of another date or venue, and will get a mail in %(minutes)s.",
            "The event takes place after all, and everybody has the seat or place they had. %(number)s people have "
            "been told of the cancellation, or of another date or venue, and will get a mail in %(minutes)s.",
            number,
        ) % {"number": number, "minutes": undo.window_in_words()}

    def act(self, said: dict[str, Any]) -> None:
        """Restore it in the name of staff."""
        restore_event(event_id=self.event.pk, by=signed_in(self.request), reason=said["reason"])


def button_for(page: Page) -> Iterator[Button]:
    """Return the button that fits an event that is not over."""
    event = Event.objects.filter(translation_key=page.translation_key, ends_at__gt=clock.now()).first()
    if event is not None:
        name, label = (
            ("events_restore", RestoreView.button) if event.is_cancelled else ("events_call_off", CallOffView.button)
        )
        yield Button(label, reverse(name, args=[page.pk]), icon_name="date", priority=16)
