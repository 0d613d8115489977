"""Campaigns in words for staff."""

from collections.abc import Collection, Iterable

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core import countries, languages
from core.models import Term
from mail import isolates
from newsletter.admin.campaign_forms import FILTERS
from newsletter.models import Campaign
from newsletter.models.subscriber import INTERESTS
from newsletter.services import audiences
from newsletter.services.audiences import Reading


def in_words(audience: dict[str, list[str]]) -> str:
    """Return an audience as words for staff."""
    names = {
        "interests": dict(Term.objects.choices(INTERESTS)),
        # Each runs in its own direction.
        "languages": {code: isolates.isolate(languages.own_name(code)) for code in languages.codes()},
        "countries": dict(countries.choices(languages.current())),
    }
    chosen = [_(", ").join(names[name].get(one, one) for one in audience[name]) for name in FILTERS if audience[name]]
    return _("; ").join(chosen)


def sent_tests(number: int) -> str:
    """Return how many tests are on their way."""
    return ngettext("%(number)s test is on its way.", "%(number)s tests are on their way.", number) % {"number": number}


def readings(found: Iterable[Reading], unfinished: Collection[str] = ()) -> list[tuple[str, str, int, str]]:
    """Return readings as words: the readers' language, the one they get, how many they are, and what to know of it.

    `unfinished` are the languages into which some of the issue is not translated.
    """
    return [
        (
            languages.shown_name(one.language),
            languages.shown_name(one.reads) if one.reads else "–",
            one.number,
            _not_translated(one.reads) if one.reads in unfinished else "",
        )
        for one in found
    ]


def why_nobody(campaign: Campaign, found: Iterable[Reading]) -> str:
    """Return why a draft is for nobody; nothing where the readings found have somebody in them."""
    if any(one.number for one in found):
        return ""
    if audiences.fits_somebody(campaign):
        return _("Everybody in this audience has this issue from another campaign.")
    return _("No confirmed subscriber fits this audience.")


def _not_translated(code: str) -> str:
    sentence = _("Some of this issue is not translated into %(language)s yet.")
    return sentence % {"language": languages.name_in_sentence(code)}
