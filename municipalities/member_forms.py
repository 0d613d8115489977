"""The public forms: asking to represent a city, proposing one, deciding about colleagues."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from core import countries, languages
from core.forms import Line
from municipalities.enums import MembershipRole, Standing
from municipalities.models import Membership

OF_MEMBER = _("Member of the team: the coordinator decides about my request.")
OF_FIRST_MEMBER = _("Member of the team: while there is no coordinator, the team of GKEC decides about my request.")


def _department() -> Line:
    return Line(
        label=_("Department"),
        max_length=120,
        required=False,
        error_messages={"max_length": _("Write a name of at most 120 characters.")},
        widget=forms.TextInput(attrs={"dir": "auto"}),
    )


class WithName(forms.Form):
    """Asks who has never given a name for it, since those who decide and those who are invited read it."""

    def __init__(self, *args: Any, person: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.person = person

    def ask_name(self) -> None:
        """Put the question first, once all others are there."""
        if not self.person.display_name:
            self.fields["own_name"] = Line(
                label=_("Your name"),
                max_length=120,
                widget=forms.TextInput(attrs={"autocomplete": "name", "dir": "auto"}),
                error_messages={
                    "required": _("Enter your name."),
                    "max_length": _("Write a name of at most 120 characters."),
                },
            )
            self.order_fields(["own_name"])


class RepresentForm(WithName):
    """As whom, and in which department, somebody would represent a city."""

    role = forms.ChoiceField(
        label=_("What would you like to be?"),
        choices=[
            (MembershipRole.COORDINATOR, _("Coordinator: I enrol colleagues in courses and answer for the team.")),
            (MembershipRole.MEMBER, OF_MEMBER),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose one of the two."), "invalid_choice": _("Choose one of the two.")},
    )

    def __init__(self, *args: Any, has_coordinator: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not has_coordinator:
            of_coordinator, _member = self.fields["role"].choices
            self.fields["role"].choices = [of_coordinator, (MembershipRole.MEMBER, OF_FIRST_MEMBER)]
        self.fields["department"] = _department()
        self.ask_name()


class ChangeForm(RepresentForm):
    """What somebody asked for, to be put otherwise; a city that is not listed yet needs its coordinator first."""

    def __init__(self, data: Any, *, membership: Membership, has_coordinator: bool) -> None:
        asked = {"role": membership.role, "department": membership.department}
        super().__init__(data, initial=asked, person=membership.person, has_coordinator=has_coordinator)
        if membership.local_government.standing == Standing.PENDING:
            del self.fields["role"]


class ProposalForm(WithName):
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
        self.ask_name()


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
