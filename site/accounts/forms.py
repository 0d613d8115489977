"""Forms of sign-up, sign-in and profile."""

from allauth.account import forms as allauth_forms
from allauth.account.adapter import get_adapter
from django import forms
from django.contrib.auth import get_user_model
from django.utils.translation import gettext_lazy as _

from accounts.enums import Gender
from accounts.models import User
from core import countries, languages, timezones
from core.emailkeys import one_spelling
from core.forms import Line, first_refusal
from core.models import Term

UNKNOWN = [("", _("Not said"))]
NOT_IN_LIST = _("Choose one of the entries in the list.")
NO_LANGUAGE = _("Choose one of the languages in the list.")
NO_ZONE = _("Choose one of the time zones in the list.")
NO_SUCH_ADDRESS = _("Write an e-mail address, such as name@example.org.")
NO_ADDRESS, NO_PASSWORD = _("Write your e-mail address."), _("Type your password.")


class BrowserZone(forms.CharField):
    """The zone that the browser's script put into the form; nothing a person could correct, so never an error."""

    widget = forms.HiddenInput(attrs={"data-browser-zone": ""})

    def __init__(self) -> None:
        super().__init__(required=False)

    def clean(self, value) -> str:
        """Return the name of a known zone, or an empty string."""
        name = str(value or "").strip()
        return timezones.canonical(name) if timezones.is_valid(name) else ""


def ask_as_elsewhere(form: forms.Form, *, address: str) -> None:
    """Call the address what every other form calls it, and repeat no label inside its box."""
    field = form.fields[address]
    field.label = _("E-mail address")
    field.error_messages |= {"required": NO_ADDRESS, "invalid": NO_SUCH_ADDRESS, "max_length": NO_SUCH_ADDRESS}
    field.validators = first_refusal(field.validators)
    for field in form.fields.values():
        field.widget.attrs.pop("placeholder", None)


class SignupForm(allauth_forms.SignupForm):
    """allauth's form, which also brings the visitor's zone and takes as long for a known address as for a new one."""

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["timezone"] = BrowserZone()
        ask_as_elsewhere(self, address="email")
        self.fields["password1"].error_messages["required"] = NO_PASSWORD

    def try_save(self, request):
        """Save, or pretend to; hashing the password is what takes the time, so it is done either way."""
        if self.account_already_exists:
            get_user_model()().set_password(self.cleaned_data.get("password1"))
        return super().try_save(request)


class RequestLoginCodeForm(allauth_forms.RequestLoginCodeForm):
    """allauth's form, which alone does not ask its adapter whether mail can be sent to the address."""

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        ask_as_elsewhere(self, address="email")

    def clean_email(self) -> str:
        """Return the address in its one spelling, or refuse it in the words of the other forms."""
        self.cleaned_data["email"] = get_adapter().clean_email(self.cleaned_data["email"])
        return super().clean_email()


class LoginForm(allauth_forms.LoginForm):
    """allauth's form with words of our own."""

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["remember"].label = _("Keep me signed in on this device")
        ask_as_elsewhere(self, address="login")
        self.fields["password"].error_messages["required"] = NO_PASSWORD

    def clean_login(self) -> str:
        """Return the address in the one spelling under which its account is kept."""
        return one_spelling(super().clean_login())


class ProfileFields(forms.Form):
    """What people say about themselves; a subclass shows the fields it names."""

    fields_shown: tuple[str, ...] = (
        "display_name",
        "language",
        "timezone",
        "country",
        "organisation",
        "organisation_type",
        "role",
        "gender",
    )

    display_name = Line(
        label=_("Name"),
        max_length=120,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
        error_messages={
            "required": _("Enter your name."),
            "max_length": _("Write a name of at most 120 characters."),
        },
    )
    language = forms.ChoiceField(
        label=_("Language"),
        help_text=_("Mails and certificates come in this language."),
        error_messages={"required": NO_LANGUAGE, "invalid_choice": NO_LANGUAGE},
    )
    timezone = forms.ChoiceField(
        label=_("Time zone"),
        help_text=_("Times are shown in this zone, beside the event's."),
        error_messages={"required": NO_ZONE, "invalid_choice": NO_ZONE},
    )
    country = forms.ChoiceField(
        label=_("Country"),
        required=False,
        widget=forms.Select(attrs={"autocomplete": "country"}),
        error_messages={"invalid_choice": _("Choose one of the countries in the list.")},
    )
    organisation = Line(
        label=_("Organisation"),
        max_length=200,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "organization"}),
        error_messages={"max_length": _("Write a name of at most 200 characters.")},
    )
    organisation_type = forms.ModelChoiceField(
        label=_("Type of organisation"),
        queryset=Term.objects.none(),
        required=False,
        empty_label=UNKNOWN[0][1],
        error_messages={"invalid_choice": NOT_IN_LIST},
    )
    role = Line(
        label=_("Role"),
        max_length=120,
        required=False,
        help_text=_("Your work there, such as “energy manager”."),
        widget=forms.TextInput(attrs={"autocomplete": "organization-title"}),
        error_messages={"max_length": _("Write a role of at most 120 characters.")},
    )
    gender = forms.ChoiceField(
        label=_("Gender"),
        required=False,
        help_text=_(
            "We ask so that the report to our funder can say how many women and men take part. "
            "It appears only in totals of five people or more. You need not answer."
        ),
        error_messages={"invalid_choice": NOT_IN_LIST},
    )

    def __init__(self, *args, person: User, **kwargs) -> None:
        self.person = person
        initial = {name: getattr(person, name) for name in self.fields_shown}
        super().__init__(*args, initial=initial, **kwargs)
        for name in set(self.fields) - set(self.fields_shown):
            del self.fields[name]
        self._fill_choices(languages.current())

    def _fill_choices(self, language: str) -> None:
        choices = {
            "language": [(code, languages.own_name(code)) for code in languages.codes()],
            "timezone": with_present(timezones.choices(language), self.person.timezone, language),
            "country": [*UNKNOWN, *countries.choices(language)],
            "gender": [*UNKNOWN, *Gender.choices],
        }
        for name in choices.keys() & self.fields.keys():
            self.fields[name].choices = choices[name]
        if "organisation_type" in self.fields:
            # A retired term stays choosable for whoever has it.
            present = Term.objects.of("organisation-type").filter(pk=self.person.organisation_type_id)
            self.fields["organisation_type"].queryset = Term.objects.of("organisation-type").active() | present


def with_present(choices, name: str, language: str) -> list[tuple[str, str]]:
    """Return the choices of zones with the person's own, should it be one that the list leaves out."""
    listed = list(choices)
    if name and name not in dict(listed):
        listed.insert(0, (name, timezones.label(name, language)))
    return listed


class ProfileForm(ProfileFields):
    """The whole profile, for the person."""
