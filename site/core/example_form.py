"""A form that has every kind of field once, for the gallery of components and its tests."""

from django import forms
from django.utils.translation import gettext_lazy as _


class ExampleForm(forms.Form):
    """One field of each kind; nothing is ever done with what it gets."""

    name = forms.CharField(label=_("Name"), max_length=120)
    email = forms.EmailField(label=_("E-mail"), help_text=_("We send the invitation there."))
    country = forms.ChoiceField(
        label=_("Country"),
        required=False,
        choices=[("", "—"), ("NO", "Norge"), ("CO", "Colombia"), ("EG", "مصر")],
    )
    mode = forms.ChoiceField(
        label=_("How will you take part?"),
        widget=forms.RadioSelect,
        choices=[("online", _("Online")), ("on-site", _("On site"))],
    )
    interests = forms.MultipleChoiceField(
        label=_("Topics"),
        required=False,
        help_text=_("As many as you like."),
        widget=forms.CheckboxSelectMultiple,
        choices=[("energy", _("Energy systems")), ("mobility", _("Mobility and transport"))],
    )
    date = forms.DateField(label=_("Day"), required=False, widget=forms.DateInput({"type": "date"}))
    question = forms.CharField(
        label=_("Your question to the speakers"), required=False, widget=forms.Textarea({"rows": 4})
    )
    file = forms.FileField(label=_("File"), required=False)
    terms = forms.BooleanField(label=_("I have read the privacy notice"))
