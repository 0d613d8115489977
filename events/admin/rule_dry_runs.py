"""Dry runs of reminders: seen as they read when they leave, then said yes to, then held back if need be."""

from abc import abstractmethod
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from accounts.visitors import signed_in
from core import clock, dates
from events import rules
from events.admin.reminders import OfRule
from events.audiences import RuleAudience
from events.errors import EventError, ReminderChanged, ReminderWithoutDate, WordsNotYours
from events.models import Event
from events.services import arm, ruling, send_now
from mail import undo
from mail.admin.dry_run import DryRunView, SampleView

# Says in the address of a sample that the reminder would leave now.
NOW = "now"


class RuleDryRun(OfRule, DryRunView):
    """What the dry runs of a reminder share."""

    refusals = (EventError,)

    def get_audience(self) -> RuleAudience:
        """Return who has the state that the rule is for."""
        if self.event is None:
            raise Http404(ReminderWithoutDate.sentence)
        return RuleAudience(self.rule, self.event, at=self.get_leaves_at())

    def get_sample_url(self, language: str) -> str:
        """Return the address of the rule's sample."""
        return reverse("events_reminder_sample", args=[self.rule.pk, language])

    def get_back_url(self) -> str:
        """Return to the reminders."""
        return self.list_url

    @abstractmethod
    def refusal(self, event: Event) -> EventError | None:
        """Return why acting now would be refused, if it would be."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Say at once what would be refused, and of whom nobody knows yet how many they are."""
        audience = self.get_audience()
        if refusal := self.refusal(audience.event):
            kwargs.update(refusal=str(refusal), is_refused=True)
        return super().get_context_data(**kwargs, not_known_yet=not_known_yet(audience))


def not_known_yet(audience: RuleAudience) -> str:
    """Return what is said instead of a number while nobody can know who was there, or nothing."""
    if not audience.audience.is_of_the_past or audience.event.is_over:
        return ""
    number = audience.event.registrations.confirmed().count()
    return ngettext(
        "Who was there is known at the end; %(number)s person has a seat now.",
        "Who was there is known at the end; %(number)s people have a seat now.",
        number,
    ) % {"number": number}


class LeavingRule(RuleDryRun):
    """Lets a reminder leave as it was read: what somebody else has changed of it since is shown before it does."""

    def get_mark(self) -> str:
        """Return by what the service knows which time, people and words were shown."""
        return ruling.mark_as_read(self.rule, self.event) if self.event else ""

    def act(self) -> str:
        """Let it leave."""
        try:
            self.let_leave(self.request.POST.get("seen"))
        except ReminderChanged:
            # Changed while this waited for its row: what is shown now must be read anew.
            self.rule.refresh_from_db()
            if self.event:
                self.event.refresh_from_db()
            raise
        return self.list_url

    @abstractmethod
    def let_leave(self, seen: str | None) -> None:
        """Do it, unless the rule has another mark than the one seen."""


class ArmView(LeavingRule):
    """Arms a reminder: it leaves at its own time."""

    page_title = _("Arm a reminder")
    button = _("Arm the reminder")
    done = _("The reminder is armed. Until it leaves you can hold it back.")
    note: Any = _("Who registers before gets it too; who cancels does not.")
    # The button is offered, and every language shown, even while nobody has registered.
    is_for_later = True

    def get_leaves_at(self) -> datetime | None:
        """Return the rule's moment, as arming reckons it."""
        return ruling.due_when_armed(self.rule, self.event) if self.event else None

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Say of a reminder that was sent before, as staff chose, that at its own time it leaves to everybody again."""
        if ruling.which_have_written([self.rule]):
            self.note = f"{ArmView.note} {SendNowView.note}"
        return super().get_context_data(**kwargs)

    def may_enter(self) -> bool:
        """Whether the person may let these words leave."""
        return rules.may_arm(signed_in(self.request), self.rule)

    def let_leave(self, seen: str | None) -> None:
        """Arm; whoever may not send the words that the reminder has got meanwhile is sent away as at the door."""
        try:
            arm(rule_id=self.rule.pk, by=signed_in(self.request), seen=seen)
        except WordsNotYours as refusal:
            raise PermissionDenied from refusal

    def refusal(self, event: Event) -> EventError | None:
        """Return what arming would meet."""
        return ruling.refusal_of_arming(self.rule, event)


class SendNowView(LeavingRule):
    """Sends a reminder at once, whatever its own time."""

    page_title = _("Send a reminder now")
    button = _("Send to all of them")
    done = _("The reminder leaves soon. Until then you can hold it back.")
    note: Any = _("Who has had this reminder before gets it once more.")

    def may_enter(self) -> bool:
        """Whether the person may write to everybody whenever they like."""
        return rules.may_write_to_registered(signed_in(self.request))

    def get_leaves_at(self) -> datetime:
        """Return the end of the undo window."""
        return undo.leaves_at()

    def refusal(self, event: Event) -> EventError | None:
        """Return what sending would meet."""
        return ruling.refusal_of_sending(self.rule, event, self.get_leaves_at())

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Say which moment still to come the reminder gives up."""
        due_at = self.rule.due_at
        if due_at is not None and due_at > clock.now():
            moment = dates.left_to_right(date_format(timezone.localtime(due_at), "Y-m-d H:i e"))
            given_up = gettext("It then no longer leaves at %(moment)s.") % {"moment": moment}
            self.note = f"{given_up} {SendNowView.note}"
        return super().get_context_data(**kwargs)

    def get_sample_url(self, language: str) -> str:
        """Return the address of the sample as it would read now, not at the rule's own moment."""
        return f"{super().get_sample_url(language)}?{urlencode({NOW: 1})}"

    def let_leave(self, seen: str | None) -> None:
        """Send."""
        send_now(rule_id=self.rule.pk, by=signed_in(self.request), seen=seen)


class RuleSampleView(OfRule, SampleView):
    """The reminder's HTML in one language."""

    def get_audience(self) -> RuleAudience:
        """Return the audience of the dry run."""
        if self.event is None:
            raise Http404(ReminderWithoutDate.sentence)
        return RuleAudience(self.rule, self.event, at=self.get_leaves_at())

    def get_leaves_at(self) -> datetime | None:
        """Return when the dry run says that it leaves."""
        if NOW in self.request.GET:
            return undo.leaves_at()
        return ruling.due_when_armed(self.rule, self.event) if self.event else None
