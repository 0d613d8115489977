"""What public pages show of local governments: the map, dated figures, and the list by world region."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from core import dates, languages, numbers, worldmap
from core.folding import fold
from core.models import Term
from municipalities.m49 import REGION_OF
from municipalities.models import LocalGovernment

# Who keeps the directory says how many are in it.
DIRECTORY_SOURCE = "GKEC"
# UP2030's own dates and address (CORDIS, grant 101096405): the figure is true for that time.
PILOTS_YEARS = "2023–2025"
PILOTS_SOURCE = "https://up2030-he.eu/"


@dataclass(frozen=True)
class City:
    """A local government as the list shows it."""

    name: str
    country: str
    # Words about what it holds and has pledged, such as "EU Mission Label, May 2025".
    notes: tuple[str, ...]
    source_url: str


@dataclass(frozen=True)
class Region:
    """A region of the world with its cities, in the alphabetical order of the reader's language."""

    slug: str
    label: str
    cities: tuple[City, ...]


def cities_section(request: HttpRequest | None = None) -> dict[str, Any]:
    """Return the context of `municipalities/cities.html`; two queries, whatever the number of cities."""
    listed = list(LocalGovernment.objects.listed().for_display())
    return {"figures": figures(listed), "city_map": map_of(listed), "regions": by_region(listed)}


def city_map() -> dict[str, Any]:
    """Return title, dots, legend and scale of the map of all listed local governments; one query."""
    return map_of(LocalGovernment.objects.listed().on_map())


def map_of(cities: Iterable[LocalGovernment]) -> dict[str, Any]:
    """Return title, dots, legend and scale of the component `world_map` for the cities whose location is known.

    A dot's area grows with the inhabitants; where nobody has counted them it is as small as can be seen.
    """
    # A dot has one colour: of the pilots it tells those without the label, and the figure beside it tells all of them.
    labels = {"green": _("EU Mission Label"), "sun": _("UP2030 pilot without the label"), "clay": _("other cities")}
    counts = dict.fromkeys(labels, 0)
    places = []
    placed = [
        (city, {"latitude": float(city.latitude), "longitude": float(city.longitude)})
        for city in cities
        if city.latitude is not None and city.longitude is not None
    ]
    largest = max((city.population or 0 for city, _where in placed), default=0)
    for city, where in placed:
        tone = "green" if city.label_date else "sun" if city.is_up2030_pilot else "clay"
        counts[tone] += 1
        size = city.population / largest if city.population else 0
        places.append({**where, "tone": tone, "name": city.display_name, "size": size})
    return {
        "title": ngettext("Map of %(count)s local government", "Map of %(count)s local governments", len(places))
        % {"count": len(places)},
        "dots": worldmap.dots(places),
        "legend": [{"tone": tone, "label": labels[tone], "count": count} for tone, count in counts.items() if count],
        "sizes": _("The larger a dot, the more inhabitants.") if largest else "",
    }


def figures(cities: list[LocalGovernment]) -> list[dict[str, Any]]:
    """Return the contexts of the component `city_figure`: how many there are, hold the label and are pilots.

    Each says to what day or years it refers and who says so; a figure of nothing is left out.
    """
    language = languages.current()
    labelled = [city for city in cities if city.label_date]
    pilots = [city for city in cities if city.is_up2030_pilot]
    found = []
    if cities:
        countries = len({city.country for city in cities})
        found.append(
            {
                "value": numbers.decimal(len(cities), language),
                "label": _("local governments in the directory"),
                "year": dates.day(max(city.updated_at for city in cities).date()),
                "source": DIRECTORY_SOURCE,
                "note": ngettext("from %(count)s country", "from %(count)s countries", countries)
                % {"count": numbers.decimal(countries, language)},
            }
        )
    if labelled:
        latest = max(labelled, key=lambda city: city.label_date or date.min)
        found.append(
            {
                "value": numbers.decimal(len(labelled), language),
                "label": _("of them hold the EU Mission Label"),
                "year": _("awarded until %(date)s") % {"date": label_day(latest)},
                "source": _("European Commission"),
                "source_url": latest.source_url,
            }
        )
    if pilots:
        found.append(
            {
                "value": numbers.decimal(len(pilots), language),
                "label": _("are pilot cities of UP2030"),
                "year": PILOTS_YEARS,
                "source": "UP2030",
                "source_url": PILOTS_SOURCE,
            }
        )
    return found


def label_day(city: LocalGovernment) -> str:
    """Return the date of the label in words, as exactly as it is known; nothing without a label."""
    awarded: date | None = city.label_date
    if awarded is None:
        return ""
    return dates.day(awarded) if city.label_is_to_the_day else dates.month_and_year(awarded)


def by_region(cities: Iterable[LocalGovernment]) -> list[Region]:
    """Return the regions of the world that have cities, in the vocabulary's order; one query."""
    members: dict[str, list[LocalGovernment]] = defaultdict(list)
    for city in cities:
        members[REGION_OF.get(city.subregion.slug, "") if city.subregion else ""].append(city)
    regions = [(term.slug, term.label) for term in Term.objects.of("world-region")]
    return [
        Region(slug, label, tuple(_city(city) for city in _by_name(members[slug])))
        for slug, label in [*regions, ("", _("Elsewhere"))]
        if members[slug]
    ]


def _by_name(cities: Iterable[LocalGovernment]) -> list[LocalGovernment]:
    return sorted(cities, key=lambda city: fold(city.display_name))


def _city(city: LocalGovernment) -> City:
    notes = []
    if city.label_date:
        notes.append(_("EU Mission Label, %(date)s") % {"date": label_day(city)})
    elif city.is_mission_city:
        notes.append(_("EU Mission City"))
    if city.is_up2030_pilot:
        notes.append(_("UP2030 pilot"))
    if city.target_year:
        notes.append(_("climate neutral by %(year)s") % {"year": city.target_year})
    return City(name=city.display_name, country=city.country_name, notes=tuple(notes), source_url=city.source_url)
