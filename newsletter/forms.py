"""The public forms: asking for the newsletter, and what somebody wants to read."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from core import countries, languages
from core.kept import Kept
from core.models import Term
from events.forms import AddressField, OneOf
from newsletter import wording
from newsletter.models import Subscriber
from newsletter.models.subscriber import INTERESTS

_topics: Kept[list[Term]] = Kept(seconds=30)


def topic_choices() -> list[tuple[str, str]]:
    """Return the topics that may be chosen, in the active language; kept for half a minute."""
    terms = _topics.get(INTERESTS, lambda: list(Term.objects.of(INTERESTS).active()))
    return [(term.slug, term.label) for term in terms]


def _country_choices() -> list[tuple[str, Any]]:
    return [("", _("Choose")), *countries.choices(languages.current())]


class PreferencesForm(forms.Form):
    """What somebody reads: in which language, where they work, about what."""

    # Topics that this person chose before they were retired.
    retired: Sequence[tuple[str, str]] = ()

    language = OneOf(
        label=_("Language of our mails"),
        choices=languages.choices,
        is_known=lambda code: code in languages.codes(),
        error_messages={"invalid_choice": _("Choose a language from the list.")},
    )
    country = OneOf(
        label=_("Country"),
        required=False,
        choices=_country_choices,
        is_known=countries.is_valid,
        error_messages={"invalid_choice": _("Choose a country from the list.")},
        widget=forms.Select(attrs={"autocomplete": "country"}),
    )
    interests = forms.MultipleChoiceField(
        label=_("Topics"),
        required=False,
        choices=topic_choices,
        help_text=_("Choose none to hear of all of them."),
        error_messages={"invalid_choice": _("Choose topics from the list.")},
        widget=forms.CheckboxSelectMultiple,
    )

    @classmethod
    def of(cls, subscriber: Subscriber, data: Any = None) -> "PreferencesForm":
        """Return the form for a subscriber, bound if data is given."""
        chosen = list(subscriber.interests.all())
        initial = {
            "language": subscriber.language,
            "country": subscriber.country,
            "interests": [term.slug for term in chosen],
        }
        form = cls(data, initial=initial)
        # Saving would empty a choice of retired topics alone, which stands for all topics.
        form.retired = [(term.slug, term.label) for term in chosen if not term.is_active]
        topics = form.fields["interests"]
        assert isinstance(topics, forms.MultipleChoiceField)
        topics.choices = [*topic_choices(), *form.retired]
        return form

    def in_words(self) -> list[tuple[Any, str]]:
        """Return label and choice of each field that something was chosen in, as the form was first filled."""
        language, country = self.initial["language"], self.initial["country"]
        topics = dict([*topic_choices(), *self.retired])
        said = [
            (self.fields["language"].label, languages.shown_name(language)),
            (self.fields["country"].label, countries.name(country, languages.current()) if country else ""),
            (self.fields["interests"].label, _(", ").join(topics.get(one, one) for one in self.initial["interests"])),
        ]
        return [(label, words) for label, words in said if words]


class SubscribeForm(PreferencesForm):
    """All that subscribing asks for; only the address is needed, and the short form asks for nothing else."""

    email = AddressField(
        label=_("E-mail address"),
        max_length=254,
        error_messages={
            "required": _("Write your e-mail address."),
            "max_length": _("Write an e-mail address of at most 254 characters."),
        },
        widget=forms.EmailInput(attrs={"autocomplete": "email", "dir": "ltr"}),
    )
    # Which sentence the person saw: a page may have been open, or kept, since before it was changed.
    wording = forms.CharField(widget=forms.HiddenInput, required=False)
    # People never see it; a program that fills in every field gives itself away.
    website = forms.CharField(
        label=_("Leave this field empty"),
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "tabindex": "-1"}),
    )

    field_order = ["email", "language", "country", "interests"]

    def __init__(self, data: Any = None, **kwargs: Any) -> None:
        if data is not None and "language" not in data:
            # The short form says no language: that of the page is meant.
            data = data.copy()
            data["language"] = languages.current()
        super().__init__(data, **kwargs)
        self.initial.setdefault("language", languages.current())

    @property
    def is_robot(self) -> bool:
        """Whether the field that people never see was filled in."""
        return bool(self.data.get("website"))

    @property
    def shown(self) -> list[forms.BoundField]:
        """The fields that people see."""
        return [self[name] for name in self.field_order]

    def clean(self) -> None:
        """Refuse consent to a sentence that has been changed since, as the form: people see no field of it."""
        super().clean()
        if self.cleaned_data.get("wording") != wording.VERSION:
            raise ValidationError(_("The sentence that you agree to has changed. Read it, then send the form again."))
