"""The reminders of one occasion in the admin: what shall leave when, to whom, in which words."""

import uuid
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import Count
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import cached_property
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.generic import FormView, TemplateView
from wagtail.admin import messages
from wagtail.admin.views.generic.base import WagtailAdminTemplateMixin
from wagtail.models import Page

from accounts.visitors import signed_in
from core import clock, dates
from core.admin.acts import ButtonView
from events import reminder_words, rules
from events.admin.messages import rows_of
from events.enums import ReminderState
from events.errors import EventError, ReminderChanged
from events.models import Event, Reminder, ReminderRule, WebinarPage
from events.services import delete_rule, disarm, propose_rules, ruling, save_rule
from events.staff_forms import RuleForm
from mail import undo


class OfOccasion(WagtailAdminTemplateMixin):
    """What the screens of one occasion share: who may come in, its title, its event, the way back."""

    key: uuid.UUID
    request: HttpRequest

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Let in who may write reminders."""
        if not rules.may_change_reminders(signed_in(request)):
            raise PermissionDenied
        self.key = self.find_key(kwargs)
        if not self.may_enter():
            raise PermissionDenied
        # An occasion without a page and without an event is none.
        if self.event is None:
            get_object_or_404(WebinarPage.objects.filter(translation_key=self.key)[:1])
        return super().dispatch(request, *args, **kwargs)

    def find_key(self, kwargs: dict[str, Any]) -> uuid.UUID:
        """Return the occasion's translation key from the address."""
        return kwargs["key"]

    def may_enter(self) -> bool:
        """Whether somebody who may write reminders may use this screen; what lets them leave asks for more."""
        return True

    @cached_property
    def event(self) -> Event | None:
        """The occasion's record; None before its page is published."""
        return Event.objects.select_related("source_locale").filter(translation_key=self.key).first()

    def get_page_subtitle(self) -> str:
        """Return the occasion's title."""
        if self.event is not None:
            return self.event.title
        return Page.objects.filter(translation_key=self.key).values_list("title", flat=True).first() or ""

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        """Lead back to the webinars and to the occasion's reminders."""
        own = [] if isinstance(self, RemindersView) else [{"url": self.list_url, "label": _("Reminders")}]
        return [
            *self.breadcrumbs_items,
            {"url": reverse("webinars:index"), "label": _("Webinars")},
            *own,
            {"url": "", "label": self.page_title},
        ]

    @property
    def list_url(self) -> str:
        """The address of the occasion's reminders."""
        return reverse("events_reminders", args=[self.key])


class OfRule(OfOccasion):
    """What the screens of one rule share."""

    rule: ReminderRule

    def find_key(self, kwargs: dict[str, Any]) -> uuid.UUID:
        """Find the rule, and the occasion by it."""
        self.rule = get_object_or_404(ReminderRule, pk=kwargs["pk"])
        return self.rule.translation_key


class RemindersView(OfOccasion, TemplateView):
    """Every reminder of an occasion with its moment, its state and how many it has planned, and the messages of staff.

    Seven statements, whatever their number.
    """

    template_name = "events/admin/reminders.html"
    page_title = _("Reminders")

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Write down the usual three for an occasion that has none."""
        propose_rules(translation_key=self.key)
        return redirect(self.list_url)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add a row for each rule."""
        found = list(ReminderRule.objects.filter(translation_key=self.key).order_by("due_at", "pk"))
        numbers = _numbers(found)
        written = ruling.which_have_written(found)
        may_write = self.event is not None and rules.may_write_to_registered(signed_in(self.request))
        return super().get_context_data(
            **kwargs,
            event=self.event,
            rows=[self._row(rule, numbers[rule.pk], written) for rule in found],
            standing=self._standing(),
            add_url=reverse("events_reminder_add", args=[self.key]),
            write_url=reverse("events_message_write", args=[self.event.pk]) if self.event and may_write else "",
            message_rows=rows_of(self.event) if self.event and may_write else [],
        )

    def _row(self, rule: ReminderRule, numbers: dict[str, int], written: set[int]) -> dict[str, Any]:
        is_over = self._is_over(rule, has_more=ReminderState.PLANNED in numbers)
        return {
            "rule": rule,
            "may_arm": self.event and not is_over and rules.may_arm(signed_in(self.request), rule),
            "may_delete": not rule.is_armed and rule.pk not in written,
            "is_over": is_over,
            "has_left": is_over and ReminderState.ASKED in numbers,
            "when": reminder_words.when(rule),
            "due": in_zone(self.event, rule),
            "counts": reminder_words.counted(numbers),
            "languages": gettext(", ").join(sorted(rule.words)),
        }

    def _standing(self) -> str:
        """Return what keeps the dates below from being the last word: the event cancelled, or its new date untold."""
        if self.event is None:
            return ""
        if self.event.is_cancelled:
            return gettext("This event is cancelled.")
        versions = list(self.event.versions.order_by("revision"))
        if not versions:
            return ""
        latest, told = versions[-1], [version for version in versions if version.told_at is not None]
        if latest.told_at is not None or (told and told[-1].schedule == latest.schedule):
            return ""
        follow_at = timezone.localtime(undo.leaves_at(since=latest.made_at))
        time = dates.left_to_right(date_format(follow_at, "H:i e"))
        return gettext("The date has changed; the reminders follow at %(time)s.") % {"time": time}

    def _is_over(self, rule: ReminderRule, *, has_more: bool) -> bool:
        if self.event is None or rule.due_at is None:
            return False
        if not rule.is_armed:
            return ruling.refusal_of_arming(rule, self.event) is not None
        # What is due and still planned leaves with the next sweep.
        return not has_more and rule.due_at <= clock.now()


def _numbers(found: list[ReminderRule]) -> dict[int, dict[str, int]]:
    """Return for each rule how many of its reminders stand in each state, those that staff hold back told apart."""
    numbers: dict[int, dict[str, int]] = {rule.pk: {} for rule in found}
    counted = Reminder.objects.filter(rule__in=found).with_holding_back().order_by()
    grouped = counted.values_list("rule", "state", "is_held_back").annotate(number=Count("pk"))
    for rule, state, is_held_back, number in grouped:
        numbers[rule][reminder_words.HELD_BACK if is_held_back else state] = number
    return numbers


def in_zone(event: Event | None, rule: ReminderRule) -> str:
    """Return the rule's moment on the clocks of the event's zone, or nothing before there is a date."""
    if event is None or rule.due_at is None:
        return ""
    local = rule.due_at.astimezone(event.zone)
    return f"{dates.left_to_right(f'{dates.iso_day(local)} {dates.clock(local)}')} {dates.zone_city(event.timezone)}"


class RuleFormView(OfOccasion, FormView):
    """Asks for a reminder's time, people and words, and keeps them."""

    form_class = RuleForm
    template_name = "events/admin/words_form.html"
    rule: ReminderRule

    def get_form_kwargs(self) -> dict[str, Any]:
        """Start from the rule."""
        return {**super().get_form_kwargs(), "rule": self.rule}

    def form_valid(self, form: RuleForm) -> HttpResponse:
        """Keep it; a refusal is shown in its own words."""
        try:
            seen = form.cleaned_data["opened"] or None
            save_rule(rule=form.changed_rule(), by=signed_in(self.request), seen=seen)
        except EventError as refusal:
            if isinstance(refusal, ReminderChanged):
                form.open_anew()
            form.add_error(None, str(refusal))
            return self.render_to_response(self.get_context_data(form=form), status=409)
        messages.success(self.request, _("The reminder is kept."))
        return redirect(self.list_url)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add what the words may hold."""
        return super().get_context_data(
            **kwargs,
            sentence=_("Without words of your own in a language, people read the standing ones in theirs."),
            button=_("Save"),
            back_url=self.list_url,
        )


class RuleAddView(RuleFormView):
    """Makes a reminder, unarmed."""

    page_title = _("Add a reminder")

    def find_key(self, kwargs: dict[str, Any]) -> uuid.UUID:
        """Begin with an empty rule of the occasion."""
        self.rule = ReminderRule(translation_key=kwargs["key"])
        return self.rule.translation_key


class RuleAct(OfRule, ButtonView):
    """Does something with one rule."""

    refusals = (EventError,)

    def get_back_url(self) -> str:
        """Return to the reminders."""
        return self.list_url


class DisarmView(RuleAct):
    """Holds a reminder back."""

    page_title = _("Hold a reminder back")
    sentence = _("Nobody gets this reminder until it is armed again; what has not begun to leave is taken back.")
    button = _("Hold back")

    def act(self, said: dict[str, Any]) -> ReminderRule:
        """Disarm."""
        return disarm(rule_id=self.rule.pk)

    def get_done(self, acted: ReminderRule) -> str:
        """Say whether something had left before."""
        if acted.reminders.filter(state=ReminderState.ASKED).exists():
            return gettext("The reminder is held back from whoever has not got it. What had left before stays sent.")
        return gettext("The reminder is held back.")


class DeleteView(RuleAct):
    """Forgets a reminder that has written to nobody."""

    page_title = _("Delete a reminder")
    sentence = _("The reminder is forgotten. One that is armed or has been sent stays.")
    button = _("Delete")
    done = _("The reminder is deleted.")

    def act(self, said: dict[str, Any]) -> None:
        """Delete."""
        delete_rule(rule_id=self.rule.pk)
