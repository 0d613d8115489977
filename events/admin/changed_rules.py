"""The dry run of what staff change about an armed reminder: it is kept only once they have seen how it would read."""

import hashlib
import json
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.visitors import signed_in
from events import rules
from events.admin.reminders import OfRule, RuleFormView
from events.admin.rule_dry_runs import RuleDryRun, RuleSampleView
from events.errors import EventError, ReminderChanged
from events.models import Event, ReminderRule
from events.services import ruling, save_rule
from events.staff_forms import RuleForm

# What somebody typed waits in their own session: the reminder stays as it was for everybody else.
SESSION_KEY = "events-changed-reminder"


def rehearse(request: HttpRequest, form: RuleForm) -> str:
    """Keep what was typed about a reminder for its dry run; return the address of that."""
    typed = {name: form.data.get(name, "") for name in form.fields}
    digest = hashlib.sha256(json.dumps([form.rule.pk, typed]).encode()).hexdigest()[:20]
    request.session[SESSION_KEY] = {"rule": form.rule.pk, "digest": digest, "typed": typed}
    return reverse("events_reminder_changed", args=[form.rule.pk, digest])


class RuleEditView(OfRule, RuleFormView):
    """Changes a reminder; what an armed one has planned moves along, once the change has been rehearsed."""

    page_title = _("Change a reminder")

    def get_form_kwargs(self) -> dict[str, Any]:
        """Give back what was typed to whoever comes back from its dry run."""
        kept = self.request.session.get(SESSION_KEY) or {}
        is_back = self.request.method == "GET" and "digest" in kept and self.request.GET.get("typed") == kept["digest"]
        typed = {"data": kept["typed"]} if is_back and kept["rule"] == self.rule.pk else {}
        return {**super().get_form_kwargs(), **typed}

    def form_valid(self, form: RuleForm) -> HttpResponse:
        """Lead what changes an armed reminder through a dry run; whoever may not let it leave is refused at once."""
        may_leave = rules.may_arm(signed_in(self.request), form.changed_rule())
        if self.rule.is_armed and self.event and form.says_else and may_leave:
            return redirect(rehearse(self.request, form))
        return super().form_valid(form)


class OfChangedRule:
    """What dry run and sample share: the rule as it would be. Without what was typed, the form is shown again."""

    form: RuleForm
    rule: ReminderRule

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Lay what was typed over the rule, unsaved."""
        rule = get_object_or_404(ReminderRule, pk=kwargs["pk"])
        kept = request.session.get(SESSION_KEY) or {}
        form = RuleForm(kept.get("typed"), rule=rule)
        if (kept.get("rule"), kept.get("digest")) != (rule.pk, kwargs["digest"]) or not form.is_valid():
            return redirect("events_reminder_edit", rule.pk)
        self.form, self.rule = form, form.changed_rule()
        return super().dispatch(request, *args, **kwargs)  # type: ignore[misc]

    def find_key(self, kwargs: dict[str, Any]) -> Any:
        """Return the rule's occasion."""
        return self.rule.translation_key


class ChangedRuleView(OfChangedRule, RuleDryRun):
    """Shows who would get the changed reminder and how it would read, and keeps the change."""

    page_title = _("Dry run of a changed reminder")
    button = _("Save the change")
    done = _("The reminder is kept.")
    note = _("Until you save, the reminder stays as it was.")
    is_for_later = True

    def may_enter(self) -> bool:
        """Whether the person may let these words leave."""
        return rules.may_arm(signed_in(self.request), self.rule)

    def get_leaves_at(self) -> datetime | None:
        """Return the rule's moment, were it saved now."""
        return ruling.due_when_saved(self.rule, self.event) if self.event else None

    def get_sample_url(self, language: str) -> str:
        """Return the address of a sample with the new words."""
        return reverse("events_reminder_changed_sample", args=[self.rule.pk, self.kwargs["digest"], language])

    def get_back_url(self) -> str:
        """Return to the form, as it was typed."""
        return f"{reverse('events_reminder_edit', args=[self.rule.pk])}?typed={self.kwargs['digest']}"

    def refusal(self, event: Event) -> EventError | None:
        """Refuse nothing beforehand: what saving meets is said when it is met."""
        return None

    def act(self) -> str:
        """Keep the rule as it was shown."""
        try:
            save_rule(rule=self.rule, by=signed_in(self.request), seen=self.form.cleaned_data["opened"] or None)
        except ReminderChanged:
            # Told of it now, whoever goes on from the form means it.
            self.request.session[SESSION_KEY]["typed"]["opened"] = self.form.present
            self.request.session.modified = True
            raise
        del self.request.session[SESSION_KEY]
        return self.list_url


class ChangedRuleSampleView(OfChangedRule, RuleSampleView):
    """The changed reminder's HTML in one language."""

    def get_leaves_at(self) -> datetime | None:
        """Return the rule's moment, were it saved now."""
        return ruling.due_when_saved(self.rule, self.event) if self.event else None
