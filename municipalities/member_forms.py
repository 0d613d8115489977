"""The public forms: asking to represent a city, proposing one, deciding about colleagues."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from core import countries, languages
from core.forms import Line
from municipalities.enums import MembershipRole, Standing
from municipalities.models import Membership


def _department() -> Line:
    return Line(
        label=_("Department"),
        max_length=120,
        required=False,
        error_messages={"max_length": _("Write a name of at most 120 characters.")},
        widget=forms.TextInput(attrs={"dir": "auto"}),
    )


class RepresentForm(forms.Form):
    """As whom, and in which department, somebody would represent a city."""

    role = forms.ChoiceField(
        label=_("What would you like to be?"),
        choices=[
            (MembershipRole.COORDINATOR, _("Coordinator: I enrol colleagues in courses and answer for the team.")),
            (MembershipRole.MEMBER, _("Member of the team: the coordinator decides about my request.")),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose one of the two."), "invalid_choice": _("Choose one of the two.")},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["department"] = _department()


class ChangeForm(RepresentForm):
    """What somebody asked for, to be put otherwise; a city that is not listed yet needs its coordinator first."""

    def __init__(self, data: Any, *, membership: Membership) -> None:
        super().__init__(data, initial={"role": membership.role, "department": membership.department})
        if membership.local_government.standing == Standing.PENDING:
            del self.fields["role"]


class ProposalForm(forms.Form):
    """A city that is not listed, and the person's department there."""

    name = Line(
        label=_("Name of the city"),
        max_length=160,
        error_messages={
            "required": _("Write the name of the city."),
            "max_length": _("Write a name of at most 160 characters."),
        },
        widget=forms.TextInput(attrs={"dir": "auto"}),
    )
    country = forms.ChoiceField(
        label=_("Country"),
        error_messages={"required": _("Choose a country."), "invalid_choice": _("Choose a country from the list.")},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["country"].choices = [("", _("Choose")), *countries.choices(languages.current())]
        self.fields["department"] = _department()


class ReasonForm(forms.Form):
    """Why a request is declined, in words that the person reads."""

    _sentence = _("Write a reason of at most 300 characters: your colleague reads it.")
    reason = Line(
        label=_("Reason"),
        max_length=300,
        help_text=_("Your colleague reads it."),
        error_messages={"required": _sentence, "max_length": _sentence},
        widget=forms.TextInput(attrs={"dir": "auto"}),
    )


class LastDayForm(forms.Form):
    """The last day of a membership; empty means today."""

    ends_on = forms.DateField(
        label=_("Last day"),
        required=False,
        help_text=_("Empty: today."),
        error_messages={"invalid": _("Write the last day as a date, or leave it empty for today.")},
        widget=forms.DateInput({"type": "date"}),
    )
