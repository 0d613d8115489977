"""The staff's form of a local government."""

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _
from wagtail.admin.forms import WagtailAdminModelForm

from core import countries, languages, timezones

NAME_FIELDS = {code: f"name_{code}" for code, _label in settings.LANGUAGES}


class LocalGovernmentForm(WagtailAdminModelForm):
    """A local government with one field for its name in each language."""

    country = forms.ChoiceField(label=_("Country"))
    timezone = forms.ChoiceField(label=_("Time zone"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        language = languages.current()
        self.fields["country"].choices = [("", "---------"), *countries.choices(language)]
        self.fields["timezone"].choices = [("", "---------"), *timezones.choices(language)]
        for code, field in NAME_FIELDS.items():
            self.fields[field].initial = self.instance.names.get(code, "")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        # The record keeps only names that differ from the general one, so that correcting that one is enough.
        given = {code: cleaned.get(field, "") for code, field in NAME_FIELDS.items()}
        self.instance.names = {code: name for code, name in given.items() if name and name != cleaned.get("name")}
        return cleaned


for _code, _field in NAME_FIELDS.items():
    LocalGovernmentForm.declared_fields[_field] = LocalGovernmentForm.base_fields[_field] = forms.CharField(
        label=languages.own_name(_code),
        max_length=160,
        required=False,
        widget=forms.TextInput(attrs={"lang": _code, "dir": languages.direction(_code)}),
    )
