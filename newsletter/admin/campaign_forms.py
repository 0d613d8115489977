"""Forms in which staff say what is sent, to whom and when, and where a test goes."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django import forms
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from core import countries, languages, locales
from core.models import Term
from core.years import validate_year
from events.forms import AddressField
from newsletter.campaign_errors import MomentPassed
from newsletter.models import NewsletterPage
from newsletter.models.subscriber import INTERESTS
from newsletter.services.campaigns import has_passed

# Nobody sends older ones.
MOST_ISSUES = 50
FILTERS = ("interests", "languages", "countries")


def issues() -> list[tuple[str, str]]:
    """Return (translation key, name) of the newest issues, the newest first; one statement."""
    pages = NewsletterPage.objects.filter(alias_of=None).order_by("-issued_on", "-number", "pk")
    found: dict[UUID, tuple[str, list[str]]] = {}
    rows = pages.values_list("translation_key", "number", "title", "locale_id")
    for key, number, title, locale_id in rows[: MOST_ISSUES * len(languages.codes())]:
        _name, spoken = found.setdefault(key, (f"{number}. {title}", []))
        if code := locales.code_of(locale_id):
            spoken.append(languages.own_name(code))
    comma = _(", ")
    return [(str(key), f"{name} ({comma.join(spoken)})") for key, (name, spoken) in found.items()][:MOST_ISSUES]


class AudienceForm(forms.Form):
    """Whom a campaign is for."""

    interests = forms.MultipleChoiceField(
        label=_("Topics"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Nothing chosen means all. Who chose no topic when subscribing gets every issue."),
    )
    languages = forms.MultipleChoiceField(label=_("Languages"), required=False, widget=forms.CheckboxSelectMultiple)
    countries = forms.MultipleChoiceField(
        label=_("Countries"), required=False, widget=forms.SelectMultiple(attrs={"size": 10})
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # A draft keeps the topics that were retired since: none at all would stand for everybody.
        chosen = self.initial.get("interests", ())
        topics = Term.objects.of(INTERESTS).filter(Q(is_active=True) | Q(slug__in=chosen))
        self._offer("interests", [(term.slug, term.label) for term in topics])
        self._offer("languages", [(code, languages.own_name(code)) for code in languages.codes()])
        self._offer("countries", countries.choices(languages.current()))

    @property
    def audience(self) -> dict[str, list[str]]:
        """What was chosen."""
        return {name: self.cleaned_data[name] for name in FILTERS}

    def _offer(self, name: str, choices: Any) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.MultipleChoiceField)
        field.choices = list(choices)


class PrepareForm(AudienceForm):
    """Which issue, and whom it is for."""

    field_order = ["issue", *FILTERS]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["issue"] = forms.ChoiceField(label=_("Issue"), choices=issues())
        self.order_fields(self.field_order)


class WhenForm(forms.Form):
    """When a campaign begins to leave; empty is as soon as the undo window has passed."""

    at = forms.DateTimeField(
        label=_("Leaves at"),
        required=False,
        validators=[validate_year],
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        help_text=_("In your time zone. Left empty, it leaves in a few minutes; until then it can be taken back."),
    )

    def clean_at(self) -> datetime | None:
        """Refuse a moment that has passed, which nobody can mean."""
        at = self.cleaned_data["at"]
        if at is not None and has_passed(at):
            raise forms.ValidationError(str(MomentPassed()))
        return at


class TestForm(forms.Form):
    """Where a test goes."""

    __test__ = False

    to = AddressField(label=_("E-mail address"), max_length=254)
