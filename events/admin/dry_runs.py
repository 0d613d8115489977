"""Dry runs of messages of staff: seen first, then said yes to, then taken back if need be."""

from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.generic import FormView, TemplateView
from wagtail.admin import messages
from wagtail.admin.views.generic.base import WagtailAdminTemplateMixin

from accounts.visitors import signed_in
from core import clock, languages
from events import rules, words
from events.admin.messages import rows_of
from events.audiences import MessageAudience
from events.errors import EventError
from events.models import Event, StaffMessage
from events.services import send_message, take_back_message, write_message
from events.staff_forms import MessageForm
from mail import undo
from mail.admin.dry_run import DryRunView, SampleView
from mail.rehearsal import Sample
from mail.services import mailings


class ForWriters(WagtailAdminTemplateMixin):
    """Lets in who may write to all who registered."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Refuse everybody else before anything is read."""
        if not rules.may_write_to_registered(signed_in(request)):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    def get_page_subtitle(self) -> str:
        """Return the event's title."""
        return self.event.title

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        """Lead back to the registrations of the event, and to the messages to those registered."""
        messages_url = reverse("events_messages", args=[self.event.pk])
        own = [] if isinstance(self, MessagesView) else [{"url": messages_url, "label": MessagesView.page_title}]
        return [
            *self.breadcrumbs_items,
            {"url": self.registrations_url, "label": _("Registrations")},
            *own,
            {"url": "", "label": self.page_title},
        ]

    @property
    def registrations_url(self) -> str:
        """The list of those registered for the event."""
        return f"{reverse('registrations:index')}?event={self.event.pk}"


class OfWritten(ForWriters):
    """What the screens share that are about all messages of one event."""

    @cached_property
    def event(self) -> Event:
        """The event whose people are written to."""
        return get_object_or_404(Event, pk=self.kwargs["pk"])


class MessagesView(OfWritten, TemplateView):
    """Every message to those registered, each leading to its dry run, or to where it is taken back."""

    template_name = "events/admin/messages.html"
    page_title = _("Messages to registered people")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add a row for each message."""
        return super().get_context_data(
            **kwargs,
            message_rows=rows_of(self.event),
            write_url=reverse("events_message_write", args=[self.event.pk]),
            back_url=self.registrations_url,
        )


class WriteView(OfWritten, FormView):
    """Asks for words and people, keeps both, and leads to the dry run."""

    form_class = MessageForm
    template_name = "events/admin/words_form.html"
    page_title = _("Write to registered people")

    def get_instead_of(self) -> int | None:
        """Return the key of the message that is corrected, if one is."""
        return None

    def form_valid(self, form: MessageForm) -> HttpResponse:
        """Keep the message; nothing is sent before the next screen."""
        try:
            message = write_message(
                event_id=self.event.pk,
                audience=form.cleaned_data["audience"],
                words=form.words,
                by=signed_in(self.request),
                instead_of=self.get_instead_of(),
            )
        except EventError as refusal:
            form.add_error("audience", str(refusal))
            return self.render_to_response(self.get_context_data(form=form), status=409)
        return redirect("events_message", message.pk)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add what happens next."""
        return super().get_context_data(
            **kwargs,
            sentence=_("Nothing is sent yet: the next screen shows who would get it and how it would read."),
            button=_("Continue to the dry run"),
            back_url=self.registrations_url,
        )


class OfMessage(ForWriters):
    """What the screens of one message share."""

    @cached_property
    def message(self) -> StaffMessage:
        """The message."""
        found = StaffMessage.objects.select_related("event__source_locale", "mailing")
        return get_object_or_404(found, pk=self.kwargs["pk"])

    @property
    def event(self) -> Event:
        """Its event."""
        return self.message.event


class WriteAgainView(OfMessage, WriteView):
    """Asks once more, beginning with the words and people of a message, which goes if it was not sent."""

    def get_instead_of(self) -> int | None:
        """Return the key of that message."""
        return self.message.pk

    def get_form_kwargs(self) -> dict[str, Any]:
        """Begin with them."""
        initial = {"audience": self.message.audience}
        return {**super().get_form_kwargs(), "initial": initial, "words": self.message.words}


class MessageDryRun(OfMessage, DryRunView):
    """Rehearses a message of staff, and sends it."""

    template_name = "events/admin/message_dry_run.html"
    page_title = _("Dry run of a message")
    button = _("Send to all of them")
    done = _("The message leaves soon. Until then you can take it back.")
    refusals = (EventError,)

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show what became of it once it is sent."""
        if self.message.mailing_id is not None:
            return redirect("events_message_sent", self.message.pk)
        return super().get(request, *args, **kwargs)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Send; of one that has left or was taken back meanwhile, nothing is promised any more."""
        mailing = self.message.mailing
        if mailing is not None and (mailing.withdrawn_at is not None or clock.now() >= mailing.leaves_at):
            return redirect("events_message_sent", self.message.pk)
        return super().post(request, *args, **kwargs)

    def get_audience(self) -> MessageAudience:
        """Return who has the state that the message is for."""
        return MessageAudience(self.message)

    def get_leaves_at(self) -> datetime:
        """Return the end of the undo window."""
        return undo.leaves_at()

    def get_sample_url(self, language: str) -> str:
        """Return the address of the message's sample."""
        return reverse("events_message_sample", args=[self.message.pk, language])

    def get_back_url(self) -> str:
        """Return to the words."""
        return reverse("events_message_again", args=[self.message.pk])

    def act(self) -> str:
        """Send."""
        send_message(message_id=self.message.pk, by=signed_in(self.request))
        return reverse("events_message_sent", args=[self.message.pk])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add who reads words in a language that is not theirs."""
        context = super().get_context_data(**kwargs)
        return {**context, "other_words": _in_other_words(self.message, context["rehearsal"].samples)}


def _in_other_words(message: StaffMessage, samples: list[Sample]) -> dict[str, Any] | None:
    """Return how many people read which words, since staff wrote none in theirs; None where everybody has theirs.

    Whatever language is missing, the words of one and the same stand in for it.
    """
    read = [(one, words.choose(message.words, one.language)) for one in samples if one.number]
    missing = [(one, found.language) for one, found in read if found and found.language != one.language]
    if not missing:
        return None
    return {
        "number": sum(one.number for one, _language in missing),
        "language": _names([missing[0][1]]),
        "missing": _names([one.language for one, _language in missing]),
    }


def _names(codes: list[str]) -> SafeString:
    named = [(code, languages.own_name(code)) for code in codes]
    return format_html_join(gettext(", "), '<bdi lang="{}">{}</bdi>', named)


class MessageSampleView(OfMessage, SampleView):
    """The message's HTML in one language."""

    def get_audience(self) -> MessageAudience:
        """Return the audience of the dry run."""
        return MessageAudience(self.message)


class SentView(OfMessage, TemplateView):
    """What became of a message, and the button that takes it back."""

    template_name = "mail/admin/mailing.html"
    page_title = _("Message to registered people")

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show the books; what is not sent yet has none."""
        if self.message.mailing is None:
            return redirect("events_message", self.message.pk)
        return super().get(request, *args, **kwargs)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Take the message back as one."""
        try:
            mailing = take_back_message(message_id=self.message.pk)
        except EventError as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(
                request,
                ngettext(
                    "%(number)s of %(total)s message is taken back.",
                    "%(number)s of %(total)s messages are taken back.",
                    mailing.total,
                )
                % {"number": mailing.withdrawn, "total": mailing.total},
            )
        return redirect("events_message", self.message.pk)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the mailing, how far it has come and how many of its messages stand in each state."""
        mailing = self.message.mailing
        books = mailings.books(mailing) if mailing else {}
        return super().get_context_data(
            **kwargs,
            mailing=mailing,
            progress=mailings.progress(mailing, books) if mailing else None,
            books=[(state.label, number) for state, number in books.items()],
            has_left=mailing is not None and clock.now() >= mailing.leaves_at,
            back_url=self.registrations_url,
        )
