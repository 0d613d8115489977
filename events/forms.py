"""The public forms: registering, and how a person wants to hear from us."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from core import countries, languages, text, timezones
from core.emailkeys import email_key
from core.forms import Line, first_refusal
from core.kept import Kept
from core.models import Term
from events.models import Event, Registration
from events.services import Applicant
from mail.addresses import BadAddress, envelope_address

if TYPE_CHECKING:
    from accounts.models import User

_terms: Kept[list[Term]] = Kept(seconds=30)


class OneOf(forms.ChoiceField):
    """One of many: the list is made only when it is shown, and what is sent is looked up, not searched for."""

    def __init__(self, *, choices: Callable[[], Any], is_known: Callable[[str], bool], **kwargs: Any) -> None:
        super().__init__(choices=choices, **kwargs)
        self.is_known = is_known
        if "required" not in (kwargs.get("error_messages") or {}):
            # Whoever chose nothing is told what to do too, as whoever sent what is not in the list.
            self.error_messages["required"] = self.error_messages["invalid_choice"]

    def __deepcopy__(self, memo: dict[int, Any]) -> "OneOf":
        """Share the choices with every form: they are a function, and to copy four is half the cost of a form."""
        return super(forms.ChoiceField, self).__deepcopy__(memo)

    def valid_value(self, value: object) -> bool:
        """Tell whether this may be chosen."""
        return self.is_known(str(value))


NO_SUCH_ADDRESS = _("Write an e-mail address, such as name@example.org.")


class AddressField(forms.EmailField):
    """An address that mail can be sent to."""

    default_error_messages = {"invalid": NO_SUCH_ADDRESS}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.validators = first_refusal(self.validators)

    def to_python(self, value: object) -> str:
        """Return the address without what cannot be seen, such as the mark that copying from a mail leaves."""
        return text.single_line(super().to_python(value) or "")

    def run_validators(self, value: str) -> None:
        """Refuse whatever the outbox could not put into an envelope."""
        super().run_validators(value)
        if value not in self.empty_values:
            try:
                envelope_address(value)
            except BadAddress:
                raise ValidationError(NO_SUCH_ADDRESS, code="invalid") from None


def _types() -> list[Term]:
    """Return the types of organisation that may be chosen; kept for half a minute."""
    return _terms.get("organisation-type", lambda: list(Term.objects.of("organisation-type").active()))


def _type_choices() -> list[tuple[str, Any]]:
    return [("", _("Choose")), *((term.slug, term.label) for term in _types())]


def _is_type(slug: str) -> bool:
    return any(term.slug == slug for term in _types())


def _country_choices() -> list[tuple[str, Any]]:
    return [("", _("Choose")), *countries.choices(languages.current())]


def _zone_choices(present: str = "") -> list[tuple[str, str]]:
    """Return the listed zones, and the present one should it be one that the list leaves out."""
    here = languages.current()
    zones = dict(timezones.choices(here))
    if timezones.is_valid(present):
        zones.setdefault(present, timezones.label(present, here))
    return list(zones.items())


def _is_choice(language: str, timezone: str) -> bool:
    return language in languages.codes() and timezones.is_valid(timezone)


class PreferencesForm(forms.Form):
    """In which language and time zone a person hears from us."""

    language = OneOf(
        label=_("Language of our mails"),
        choices=languages.choices,
        is_known=lambda code: code in languages.codes(),
        error_messages=dict.fromkeys(["required", "invalid_choice"], _("Choose a language from the list.")),
    )
    timezone = OneOf(
        label=_("Your time zone"),
        choices=_zone_choices,
        is_known=timezones.is_valid,
        error_messages=dict.fromkeys(["required", "invalid_choice"], _("Choose a time zone from the list.")),
    )

    def __init__(self, *args: Any, is_guess: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.is_guess = is_guess
        present = str(self.initial.get("timezone") or "")
        self.fields["timezone"].choices = partial(_zone_choices, present)
        # Where nobody has chosen yet, a script may put the browser's zone in the place of our guess.
        self.fields["timezone"].widget.attrs["data-guess-timezone"] = present if self.is_guess else "no"

    @classmethod
    def of(cls, registration: Registration, data: Any = None) -> "PreferencesForm":
        """Return the form for a registration, bound if data is given."""
        form = cls(data, initial={"language": registration.language, "timezone": registration.timezone})
        # What the page showed comes back with it, so that one left open for long changes only what was changed on it.
        if data is None or _is_choice(data.get("initial-language", ""), data.get("initial-timezone", "")):
            form.fields["language"].show_hidden_initial = form.fields["timezone"].show_hidden_initial = True
        return form

    def changes(self) -> dict[str, Any]:
        """Return language and zone as they are from now on."""
        return {**self.initial, **{name: self.cleaned_data[name] for name in self.changed_data}}


class RegistrationForm(PreferencesForm):
    """All that registering asks for: five fields, and a line for language and zone that is filled in already."""

    name = Line(
        label=_("Name"),
        max_length=120,
        error_messages={"required": _("Write your name."), "max_length": _("Write a name of at most 120 characters.")},
        widget=forms.TextInput(attrs={"autocomplete": "name", "dir": "auto"}),
    )
    email = AddressField(
        label=_("E-mail address"),
        max_length=254,
        error_messages={
            "required": _("Write your e-mail address: the invitation goes there."),
            "max_length": _("Write an e-mail address of at most 254 characters."),
        },
        widget=forms.EmailInput(attrs={"autocomplete": "email", "dir": "ltr"}),
    )
    country = OneOf(
        label=_("Country"),
        choices=_country_choices,
        is_known=countries.is_valid,
        error_messages={
            "required": _("Choose a country."),
            "invalid_choice": _("Choose a country from the list."),
        },
        widget=forms.Select(attrs={"autocomplete": "country"}),
    )
    organisation = Line(
        label=_("Organisation"),
        max_length=200,
        error_messages={
            "required": _("Write the name of your organisation, or “none”."),
            "max_length": _("Write a name of at most 200 characters."),
        },
        widget=forms.TextInput(attrs={"autocomplete": "organization", "dir": "auto"}),
    )
    organisation_type = OneOf(
        label=_("Type of organisation"),
        choices=_type_choices,
        is_known=_is_type,
        error_messages={
            "required": _("Choose the type of your organisation."),
            "invalid_choice": _("Choose a type of organisation from the list."),
        },
    )
    # People never see it; a program that fills in every field gives itself away.
    website = forms.CharField(
        label=_("Leave this field empty"),
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "tabindex": "-1"}),
    )

    field_order = ["name", "email", "country", "organisation", "organisation_type", "language", "timezone", "website"]
    ALWAYS_SHOWN = ("name", "email", "organisation")

    def __init__(self, *args: Any, event: Event, person: "User | None" = None, **kwargs: Any) -> None:
        super().__init__(*args, is_guess=person is None, **kwargs)
        self.event, self.person = event, person

    @property
    def is_robot(self) -> bool:
        """Whether the field that people never see was filled in."""
        return bool(self.data.get("website"))

    @property
    def shown(self) -> list[forms.BoundField]:
        """The fields that stand open: three for a person whom we know, five for anybody else."""
        names = [*self.ALWAYS_SHOWN] if self._is_known else [*self.fields][:5]
        return [self[name] for name in self.field_order if name in names]

    @property
    def folded(self) -> list[forms.BoundField]:
        """The fields that are filled in already and stand behind one line."""
        shown = {field.name for field in self.shown}
        return [self[name] for name in self.field_order if name not in shown and name != "website"]

    @property
    def folded_words(self) -> list[str]:
        """What the folded fields say at present, in words."""
        words = []
        for field in self.folded:
            choices = dict(field.field.choices)
            if label := choices.get(field.value() or ""):
                words.append(str(label))
        return words

    @property
    def is_unfolded(self) -> bool:
        """Whether the folded fields must be seen, since one of them has an error."""
        return any(field.errors for field in self.folded)

    @property
    def typed(self) -> list[dict[str, object]]:
        """What was typed by hand, so that a page without the form can give it back."""
        return [
            {"label": self[name].label, "value": self[name].value()} for name in self.ALWAYS_SHOWN if self[name].value()
        ]

    @property
    def _is_known(self) -> bool:
        return bool(self.initial.get("country") and self.initial.get("organisation_type"))

    def applicant(self) -> Applicant:
        """Return what a valid form says; the account is named only for its own address."""
        said = self.cleaned_data
        return Applicant(
            name=said["name"],
            email=said["email"],
            country=said["country"],
            organisation=said["organisation"],
            organisation_type_id=next(term.pk for term in _types() if term.slug == said["organisation_type"]),
            language=said["language"],
            timezone=said["timezone"],
            person=self._own_account(),
        )

    def _own_account(self) -> "User | None":
        if self.person is None or email_key(self.person.email) != email_key(self.cleaned_data["email"]):
            return None
        return self.person
