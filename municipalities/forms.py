"""The staff's form of a local government."""

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from wagtail.admin.forms import WagtailAdminModelForm

from core import countries, languages, timezones
from mail.isolates import isolate
from municipalities.enums import Standing
from municipalities.errors import DecidedAndHeld, StandingChanged
from municipalities.models import LocalGovernment
from municipalities.services import save_local_government

NAME_FIELDS = {code: f"name_{code}" for code, _label in settings.LANGUAGES}


class LocalGovernmentForm(WagtailAdminModelForm):
    """A local government with one field for its name in each language; leaves writing to the service."""

    country = forms.ChoiceField(label=_("Country"))
    timezone = forms.ChoiceField(label=_("Time zone"), required=False)

    # What was posted; a copy of it once the form has taken in what somebody else decided.
    data: Any

    # The standing when the form was opened: where it is another by now, nothing is saved unread.
    opened = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        language = languages.current()
        self.fields["country"].choices = [("", "---------"), *countries.choices(language)]
        self.fields["timezone"].choices = [("", "---------"), *timezones.choices(language)]
        for code, field in NAME_FIELDS.items():
            self.fields[field].initial = self.instance.names.get(code, "")
        if not self.instance._state.adding:
            self.initial["opened"] = self.instance.standing

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        # The record keeps only names that differ from the general one, so that correcting that one is enough.
        given = {code: cleaned.get(field, "") for code, field in NAME_FIELDS.items()}
        self.instance.names = {code: name for code, name in given.items() if name and name != cleaned.get("name")}
        return cleaned

    def save(self, commit: bool = True) -> LocalGovernment:
        """Store it through its service; raises StandingChanged where its form was opened before a decision, and
        DecidedAndHeld where its standing is in the way of one.
        """
        return save_local_government(local_government=self.instance, seen=self.cleaned_data["opened"])

    def take_in(self, refusal: StandingChanged | DecidedAndHeld) -> None:
        """Show how the city stands now: in the field that nobody touched here, and beside it what was chosen.

        Saved again, the form says that both have been read. What is held is said beside the standing, once more when it
        is saved again.
        """
        if isinstance(refusal, DecidedAndHeld):
            self.add_error("standing", str(refusal))
            return
        now = Standing(LocalGovernment.objects.values_list("standing", flat=True).get(pk=self.instance.pk))
        self.data = self.data.copy()
        if self.cleaned_data.get("standing") == self.cleaned_data["opened"]:
            self.data[self.add_prefix("standing")] = now.value
        self.data[self.add_prefix("opened")] = now.value
        self.add_error("standing", gettext("Somebody else wrote: %(value)s") % {"value": isolate(str(now.label))})
        self.add_error(None, str(refusal))


for _code, _field in NAME_FIELDS.items():
    LocalGovernmentForm.declared_fields[_field] = LocalGovernmentForm.base_fields[_field] = forms.CharField(
        label=languages.own_name(_code),
        max_length=160,
        required=False,
        widget=forms.TextInput(attrs={"lang": _code, "dir": languages.direction(_code)}),
    )
