"""Forms in which staff write reminders and messages: a time, to whom, and words in each language."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from core import languages
from events import reminder_words, words
from events.enums import ReminderAnchor, ReminderAudience
from events.models import ReminderRule
from events.models.reminder import MOST_DAYS, MOST_MINUTES

LONGEST_SUBJECT, LONGEST_TEXT = 150, 5000


class WordsForm(forms.Form):
    """A subject and a text in each language of the site."""

    def __init__(self, *args: Any, words: dict[str, dict[str, str]] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for code in languages.codes():
            given = (words or {}).get(code, {})
            shown = {"lang": code, "dir": languages.direction(code)}
            name = languages.own_name(code)
            self.fields[f"subject_{code}"] = forms.CharField(
                label=_("Subject, %(language)s") % {"language": name},
                max_length=LONGEST_SUBJECT,
                required=False,
                initial=given.get("subject", ""),
                widget=forms.TextInput(attrs=shown),
            )
            self.fields[f"text_{code}"] = forms.CharField(
                label=_("Text, %(language)s") % {"language": name},
                max_length=LONGEST_TEXT,
                required=False,
                initial=given.get("text", ""),
                widget=forms.Textarea(attrs={**shown, "rows": 5}),
            )

    def clean(self) -> dict[str, Any]:
        """Refuse unknown slots, and a subject that has no text."""
        cleaned = super().clean() or {}
        for code in languages.codes():
            for name in (f"subject_{code}", f"text_{code}"):
                if unknown := words.unknown_slots(cleaned.get(name) or ""):
                    self.add_error(
                        name,
                        _("Only {name}, {title} and {when} are filled in, not %(words)s.")
                        % {"words": ", ".join("{" + one + "}" for one in unknown)},
                    )
            has_text = cleaned.get(f"text_{code}") or f"text_{code}" in self.errors
            if cleaned.get(f"subject_{code}") and not has_text:
                self.add_error(f"text_{code}", _("Write the text too, or leave the subject empty."))
        return cleaned

    @property
    def words(self) -> dict[str, dict[str, str]]:
        """The languages that have a text."""
        cleaned = self.cleaned_data
        return {
            code: {"subject": " ".join(cleaned[f"subject_{code}"].split()), "text": cleaned[f"text_{code}"]}
            for code in languages.codes()
            if cleaned.get(f"text_{code}")
        }


class RuleForm(WordsForm):
    """When a reminder leaves, to whom, and its own words, if any."""

    amount = forms.IntegerField(label=_("How long"), min_value=0, max_value=MOST_MINUTES)
    unit = forms.ChoiceField(label=_("Unit"), choices=reminder_words.UNITS)
    side = forms.ChoiceField(label=_("Before or after"), choices=reminder_words.SIDES)
    anchor = forms.ChoiceField(label=_("What"), choices=ReminderAnchor.choices)
    clock_time = forms.TimeField(
        label=_("Time of day"),
        required=False,
        input_formats=["%H:%M", "%H:%M:%S"],
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        help_text=_(
            "Only with days: read off clocks in the event's time zone. Empty: exactly so long before or after."
        ),
    )
    audience = forms.ChoiceField(label=_("To whom"), choices=ReminderAudience.choices)

    # The rule as it stood when the form was opened: what somebody else wrote since is not taken back unread.
    opened = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, rule: ReminderRule, **kwargs: Any) -> None:
        self.rule, self.present = rule, "" if rule._state.adding else rule.mark
        if rule.offset_minutes is not None or rule.day_offset is not None:
            amount, unit, side = reminder_words.parts(rule)
            kwargs["initial"] = {
                "amount": amount,
                "unit": unit,
                "side": side,
                "anchor": rule.anchor,
                "clock_time": rule.clock_time,
                "audience": rule.audience,
            }
        super().__init__(*args, words=rule.words, **kwargs)
        self.initial["opened"] = self.present

    @property
    def says_else(self) -> bool:
        """Whether anything was changed by hand."""
        return bool(set(self.changed_data) - {"opened"})

    def open_anew(self) -> None:
        """Take what others wrote as read: sent again, the form takes the place of it."""
        data = self.data.copy()
        data["opened"] = self.present
        self.data = data

    def clean(self) -> dict[str, Any]:
        """Refuse a time of day with anything but days, and what is more than a year away."""
        cleaned = super().clean()
        amount, unit = cleaned.get("amount"), cleaned.get("unit")
        if cleaned.get("clock_time") and unit != "days":
            self.add_error("clock_time", _("A time of day goes with days only."))
        if amount is not None and unit and amount * reminder_words.MINUTES[unit] > MOST_DAYS * 24 * 60:
            self.add_error("amount", _("Choose a time within a year."))
        return cleaned

    def changed_rule(self) -> ReminderRule:
        """Return the rule as the form has it, unsaved."""
        cleaned, rule = self.cleaned_data, self.rule
        sign = -1 if cleaned["side"] == reminder_words.BEFORE else 1
        if cleaned["clock_time"]:
            rule.offset_minutes = None
            rule.day_offset, rule.clock_time = sign * cleaned["amount"], cleaned["clock_time"]
        else:
            rule.offset_minutes = sign * cleaned["amount"] * reminder_words.MINUTES[cleaned["unit"]]
            rule.day_offset = rule.clock_time = None
        rule.anchor, rule.audience, rule.words = cleaned["anchor"], cleaned["audience"], self.words
        return rule


class MessageForm(WordsForm):
    """To whom, and words in at least one language."""

    audience = forms.ChoiceField(label=_("To whom"), choices=ReminderAudience.choices)

    def clean(self) -> dict[str, Any]:
        """Refuse a message that says nothing."""
        cleaned = super().clean()
        if not self.errors and not self.words:
            self.add_error(None, _("Write a text in at least one language."))
        return cleaned
