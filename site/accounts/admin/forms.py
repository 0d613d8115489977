"""Forms in which staff make and change people."""

import json

from django import forms
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _
from wagtail.users.forms import UserCreationForm, UserEditForm

from accounts import rules, services
from accounts.errors import AddressTaken, PersonChanged
from accounts.forms import NO_LANGUAGE, NO_ZONE, Line, with_present
from accounts.models import User
from core import languages, timezones
from core.emailkeys import one_spelling
from mail.addresses import BadAddress, envelope_address

FIELDS = ["email", "display_name", "language", "timezone", "is_superuser", "groups"]
RIGHTS = ["is_superuser", "groups"]
DOORS = {"email", "is_active", *RIGHTS}
NO_ADDRESS = _("Write an e-mail address, such as name@example.org.")
NO_NAME = _("Write a name of at most 120 characters.")


def _timezones() -> tuple[tuple[str, str], ...]:
    return timezones.choices(languages.current())


class PersonFields(forms.Form):
    """What staff fill in about a person: no password, which only the person chooses.

    `actor` is who fills it in; only an administrator is shown the fields that give rights.
    """

    first_name = None
    last_name = None
    display_name = Line(label=_("Name"), max_length=120, error_messages={"required": NO_NAME, "max_length": NO_NAME})
    language = forms.ChoiceField(
        label=_("Language"),
        choices=languages.choices,
        error_messages={"required": NO_LANGUAGE, "invalid_choice": NO_LANGUAGE},
    )
    timezone = forms.ChoiceField(
        label=_("Time zone"), choices=_timezones, error_messages={"required": NO_ZONE, "invalid_choice": NO_ZONE}
    )

    password_enabled = False

    def __init__(self, *args, actor: User, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].error_messages["required"] = NO_ADDRESS
        if not rules.can_give_rights(actor):
            for name in RIGHTS:
                self.fields.pop(name, None)

    def clean_email(self) -> str:
        """Return the address as it is stored; refuse what no mail reaches, or with which another signs in."""
        address = one_spelling(self.cleaned_data["email"])
        try:
            # One that was let in before may stay as long as it is not touched.
            if address != self.instance.email.lower():
                envelope_address(address)
        except BadAddress:
            raise ValidationError(NO_ADDRESS, code="invalid") from None
        if services.is_taken(email=address, besides=self.instance if self.instance.pk else None):
            raise ValidationError(AddressTaken.sentence, code="taken")
        return address


class PersonCreationForm(PersonFields, UserCreationForm):
    class Meta(UserCreationForm.Meta):
        fields = FIELDS

    def __init__(self, *args, actor: User, **kwargs) -> None:
        super().__init__(*args, actor=actor, **kwargs)
        # Whoever makes an account is more often near the person than Abidjan, the first in the list, is.
        self.initial = {"language": actor.language, "timezone": actor.timezone, **self.initial}

    def save(self, commit: bool = True) -> User:
        """Make the person and write to them; they confirm the address by signing in with a mailed code."""
        data = dict(self.cleaned_data)
        self.instance = services.invite_person(
            email=data["email"],
            groups=[group.name for group in data.get("groups", ())],
            is_superuser=data.get("is_superuser", False),
            **{name: data[name] for name in ("display_name", "language", "timezone")},
        )
        return self.instance


class PersonEditForm(PersonFields, UserEditForm):
    """Changes a person; what opens doors is saved only as it stood when the form was opened."""

    # The address, access and groups as they were shown: a form left open must not give back what was taken away.
    opened = forms.CharField(required=False, widget=forms.HiddenInput)

    class Meta(UserEditForm.Meta):
        fields = [*FIELDS, "is_active"]

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.address_before = self.instance.email
        self.initial["opened"] = self._mark(self.instance)
        zone = self.fields["timezone"]
        zone.choices = with_present(zone.choices, self.instance.timezone, languages.current())

    def show_as_it_is(self) -> None:
        """Put what opens doors into the form as it stands now; the rest stays as it was typed."""
        now = User.objects.get(pk=self.instance.pk)
        data = self.data.copy()
        for name in DOORS & set(self.fields):
            value = getattr(now, name)
            data.setlist(name, [str(group.pk) for group in value.all()] if name == "groups" else [value or ""])
        data["opened"] = self._mark(now)
        self.data = data
        self.instance.email = self.address_before = now.email

    def _mark(self, person: User) -> str:
        said = {name: getattr(person, name) for name in sorted(DOORS & set(self.fields) - {"groups"})}
        groups = sorted(person.groups.values_list("pk", flat=True)) if "groups" in self.fields else []
        return json.dumps([said, groups])

    @transaction.atomic
    def save(self, commit: bool = True) -> User:
        """Save the person; a changed address goes through the service, which ends what the old one opened.

        Raises PersonChanged where somebody else changed what opens doors since the form was opened, and AddressTaken.
        """
        now = User.objects.select_for_update(no_key=True).get(pk=self.instance.pk)
        if self.cleaned_data["opened"] != self._mark(now):
            raise PersonChanged
        person, address = self.instance, self.cleaned_data["email"]
        person.email = self.address_before
        # The whole row is saved: what no field here is about must not come from before the lock.
        person.refresh_from_db(fields=[field.attname for field in User._meta.fields if field.name not in self.fields])
        person = super().save(commit=commit)
        services.change_address(person=person, email=address)
        services.follow_in_admin(person=person)
        return person
