"""The forms in which people enrol teams, take part and say who they are."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from core import languages
from core.forms import Line
from events.forms import AddressField, OneOf

MOST_BYTES = 1_000_000
# What spreadsheet programs write, in the order in which it can be told apart; the last is that of the reader's country.
ENCODINGS = ("utf-8-sig", "utf-16")
ENCODING_OF_WINDOWS = {"ar": "cp1256"}
UTF_16_MARKS = (b"\xff\xfe", b"\xfe\xff")


class PeopleForm(forms.Form):
    """The colleagues to enrol: pasted, or from a file."""

    EITHER_OR = ("lines", "file")

    lines = forms.CharField(
        label=_("Colleagues"),
        required=False,
        max_length=MOST_BYTES,
        help_text=_("One a line: address, or name and address, as your mail program or a spreadsheet has them."),
        widget=forms.Textarea(attrs={"rows": 8, "dir": "ltr", "spellcheck": "false", "autocomplete": "off"}),
    )
    file = forms.FileField(
        label=_("Or a file"),
        required=False,
        help_text=_(
            "A CSV file with a column of addresses and, if you like, one of names and one of languages, such as “fr”."
        ),
        widget=forms.FileInput(attrs={"accept": ".csv,.txt,text/csv,text/plain"}),
    )
    language = OneOf(
        label=_("Language of the invitations"),
        choices=languages.choices,
        is_known=lambda code: code in languages.codes(),
        help_text=_("Each can choose another one later."),
        error_messages={"invalid_choice": _("Choose a language from the list.")},
    )

    def clean_file(self) -> str:
        """Return the words of the file."""
        file = self.cleaned_data["file"]
        if not file:
            return ""
        if file.size > MOST_BYTES:
            raise ValidationError(_("This file is too large. Keep the addresses and names alone."))
        return _decoded(file.read())

    def clean(self) -> dict[str, Any]:
        """Put what was pasted and what the file holds together, as `everybody`."""
        said = super().clean() or self.cleaned_data
        everybody = "\n".join(part for part in (said.get("lines"), said.get("file")) if part)
        if not everybody.strip() and not self.errors:
            self.add_error("lines", _("Paste addresses or choose a file."))
        return {**said, "everybody": everybody}


def _decoded(content: bytes) -> str:
    for encoding in (*ENCODINGS, ENCODING_OF_WINDOWS.get(languages.current(), "cp1252")):
        if encoding == "utf-16" and not content.startswith(UTF_16_MARKS):
            continue
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise ValidationError(_("This file is not text. Save it as CSV first."))


class AboutMeForm(forms.Form):
    """What somebody confirms once, and the coordinator and moderators then see."""

    name = Line(
        label=_("Name"),
        max_length=120,
        error_messages={"required": _("Write your name."), "max_length": _("Write a name of at most 120 characters.")},
        widget=forms.TextInput(attrs={"autocomplete": "name", "dir": "auto"}),
    )
    department = Line(
        label=_("Department"),
        max_length=120,
        required=False,
        error_messages={"max_length": _("Write a name of at most 120 characters.")},
        widget=forms.TextInput(attrs={"dir": "auto"}),
    )
    language = OneOf(
        label=_("Language"),
        choices=languages.choices,
        is_known=lambda code: code in languages.codes(),
        help_text=_("For the units and for our mails."),
        error_messages={"invalid_choice": _("Choose a language from the list.")},
    )


class SuccessorForm(forms.Form):
    """Who takes the seat of somebody who leaves."""

    name = Line(
        label=_("Name"),
        max_length=120,
        required=False,
        error_messages={"max_length": _("Write a name of at most 120 characters.")},
        widget=forms.TextInput(attrs={"dir": "auto", "autocomplete": "off"}),
    )
    email = AddressField(
        label=_("E-mail address"),
        max_length=254,
        error_messages={
            "required": _("Write an e-mail address, such as name@example.org."),
            "max_length": _("Write an e-mail address of at most 254 characters."),
        },
        widget=forms.EmailInput(attrs={"dir": "ltr", "autocomplete": "off"}),
    )
    language = OneOf(
        label=_("Language of the invitation"),
        choices=languages.choices,
        is_known=lambda code: code in languages.codes(),
        required=False,
        help_text=_("Whoever comes can choose another one later."),
        error_messages={"invalid_choice": _("Choose a language from the list.")},
    )


class DeclineForm(forms.Form):
    """Why a moderator declines an application, if they want to say it."""

    reason = Line(
        label=_("Reason"),
        max_length=500,
        required=False,
        help_text=_("Whoever applied reads it, or the coordinator of their city."),
        error_messages={"max_length": _("Write a reason of at most 500 characters.")},
        widget=forms.Textarea(attrs={"rows": 4, "dir": "auto"}),
    )
