"""Loading the project's cities: every fact as the file has it, nothing guessed, nothing of the staff's undone."""

from collections import Counter
from datetime import date
from decimal import Decimal
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction

from core.models import Term
from core.services import load_vocabularies
from core.timezones import is_valid
from municipalities.errors import LoadingProblem
from municipalities.models import LocalGovernment
from municipalities.services import Loaded, load_cities
from tests.factories import municipalities as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def cities() -> None:
    load_vocabularies()
    load_cities()


def city(name: str) -> LocalGovernment:
    return LocalGovernment.objects.for_display().get(name=name)


@pytest.mark.usefixtures("cities")
def test_all_cities_are_there_once() -> None:
    everyone = LocalGovernment.objects
    assert everyone.listed().count() == 85
    assert everyone.exclude(label_date=None).count() == everyone.filter(is_mission_city=True).count() == 66
    assert everyone.filter(is_up2030_pilot=True).count() == 11
    assert everyone.on_map().count() == 85
    assert everyone.filter(population=None).count() == 36
    assert everyone.filter(subregion__slug__in=["151", "154", "039", "155"]).count() == 66
    assert {city.name for city in everyone.filter(subregion__slug="145")} == {"Istanbul", "Limassol", "İzmir"}
    assert {city.name for city in everyone.in_country("pt")} == {"Guimarães", "Lisbon", "Porto"}
    assert all(is_valid(name) for name in everyone.values_list("timezone", flat=True))
    assert Counter(everyone.values_list("slug", flat=True)).most_common(1)[0][1] == 1


@pytest.mark.usefixtures("cities")
def test_a_city_is_as_the_file_has_it() -> None:
    thessaloniki = city("Thessaloniki")
    assert {
        field: getattr(thessaloniki, field)
        for field in ("slug", "country", "population", "population_year", "population_source", "latitude", "longitude")
    } == {
        "slug": "thessaloniki",
        "country": "GR",
        "population": 317778,
        "population_year": None,
        "population_source": "GeoNames",
        "latitude": Decimal("40.64072"),
        "longitude": Decimal("22.93493"),
    }
    assert (thessaloniki.timezone, thessaloniki.geonames_id, thessaloniki.target_year) == (
        "Europe/Athens",
        734077,
        2030,
    )
    assert (thessaloniki.is_mission_city, thessaloniki.is_up2030_pilot) == (True, True)
    assert (thessaloniki.label_date, thessaloniki.label_is_to_the_day) == (date(2024, 3, 21), True)
    assert (thessaloniki.subregion.slug, thessaloniki.kind.slug, thessaloniki.ccc_status.slug) == (
        "039",
        "municipality",
        "labelled",
    )


@pytest.mark.usefixtures("cities")
def test_what_the_file_leaves_open_stays_open() -> None:
    stockholm, kochi, budapest = city("Stockholm"), city("Kochi"), city("Budapest")
    assert (stockholm.population, stockholm.population_source) == (None, "")
    assert (kochi.target_year, kochi.label_date, kochi.label_precision) == (None, None, "")
    assert kochi.ccc_status.slug == "not-applicable"
    assert (budapest.label_date, budapest.label_is_to_the_day) == (date(2025, 5, 1), False)
    assert city("Medellín").population_source == "Urban Transitions Mission Centre, utmc.app"


@pytest.mark.usefixtures("cities")
@pytest.mark.parametrize(
    ("name", "language", "shown"),
    [
        ("Florence", "fr", "Florence"),
        ("Seville", "es", "Sevilla"),
        ("Seville", "de", "Seville"),
        ("Thessaloniki", "ar", "سالونيك"),
    ],
)
def test_a_city_goes_by_its_name_in_each_language(name: str, language: str, shown: str) -> None:
    assert city(name).name_in(language) == shown


@pytest.mark.usefixtures("cities")
@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("malmo", {"Malmö"}),
        ("MEDELLIN", {"Medellín"}),
        ("sevilla", {"Seville"}),
        ("sonderborg", {"Sønderborg"}),
        ("izmir", {"İzmir"}),
        ("rio jan", {"Rio de Janeiro"}),
        ("سالونيك", {"Thessaloniki"}),
        ("nowhere", set()),
        ("100%", set()),
    ],
)
def test_a_city_is_found_by_any_of_its_names_without_accents(asked: str, found: set[str]) -> None:
    assert set(LocalGovernment.objects.named_like(asked).values_list("name", flat=True)) == found


@pytest.mark.usefixtures("cities")
def test_loading_again_changes_nothing() -> None:
    before = list(LocalGovernment.objects.order_by("pk").values())
    assert load_cities() == Loaded(created=0, changed=0, unchanged=85)
    assert list(LocalGovernment.objects.order_by("pk").values()) == before


@pytest.mark.usefixtures("cities")
def test_loading_again_keeps_what_staff_have_written_unless_told_to_overwrite() -> None:
    oslo = city("Oslo")
    oslo.population, oslo.population_year, oslo.population_source = 717710, 2024, "Statistics Norway"
    oslo.names["fr"] = "Oslo-la-verte"
    oslo.save()
    LocalGovernment.objects.get(name="Kochi").delete()
    assert load_cities() == Loaded(created=1, changed=0, unchanged=84)
    oslo.refresh_from_db()
    assert (oslo.population, oslo.population_source, oslo.name_in("fr")) == (
        717710,
        "Statistics Norway",
        "Oslo-la-verte",
    )
    assert load_cities(overwrite=True) == Loaded(created=0, changed=1, unchanged=84)
    oslo.refresh_from_db()
    assert (oslo.population, oslo.population_year, oslo.population_source, oslo.name_in("fr")) == (
        None,
        None,
        "",
        "Oslo",
    )


HEADER = (
    "name,country_code,region_m49,population,latitude,longitude,timezone,geonames_id,target_year,"
    "eu_mission_city,ccc_label_date,up2030_pilot,source_url"
)
GOOD = "Oslo,NO,154,,59.9,10.7,Europe/Oslo,1,2030,yes,2025-05,no,https://example.org/"


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (GOOD.replace("NO,154", "XX,154"), "Choose a country from the list."),
        (GOOD.replace("Europe/Oslo", "Europe/Atlantis"), "Choose a time zone from the list."),
        (GOOD.replace("yes", "maybe"), "expected yes or no, found 'maybe'"),
        (GOOD.replace("2025-05", "May 2025"), "Invalid isoformat string: 'May 2025'"),
        (GOOD.replace("yes", "no"), "Only an EU Mission City can hold the EU Mission Label."),
        (GOOD.replace("59.9", "north"), "[<class 'decimal.ConversionSyntax'>]"),
    ],
)
def test_a_bad_line_is_named_and_nothing_is_loaded(tmp_path: Path, bad: str, reason: str) -> None:
    load_vocabularies()
    file = tmp_path / "cities.csv"
    file.write_text("\n".join([HEADER, GOOD.replace(",1,", ",2,"), bad]), "utf-8")
    with pytest.raises(LoadingProblem) as problem:
        load_cities(cities=file, names=tmp_path / "none.csv")
    assert str(problem.value) == f"cities.csv, line 3: {reason}"
    assert not LocalGovernment.objects.exists()


def test_the_command_says_what_it_did() -> None:
    load_vocabularies()
    out = StringIO()
    call_command("load_cities", stdout=out)
    assert out.getvalue() == "85 created, 0 changed, 0 unchanged.\n"


def test_the_command_asks_for_the_vocabularies_first() -> None:
    Term.objects.all().delete()
    with pytest.raises(CommandError) as problem:
        call_command("load_cities")
    assert "load the vocabularies first" in str(problem.value)


@pytest.mark.parametrize(
    "wrong",
    [
        {"country": "se"},
        {"latitude": 91, "longitude": 0},
        {"latitude": 50, "longitude": None},
        {"population": 1000},
        {"population_source": "Nobody"},
        {"label_precision": "month"},
        {"population": 0, "population_source": "Nobody"},
        {"population_year": 2024},
        {"target_year": 1990},
        {"label_date": date(2025, 5, 7), "label_precision": "month", "is_mission_city": True},
        {"label_date": date(2025, 5, 7), "label_precision": "", "is_mission_city": True},
        {"label_date": date(2025, 5, 7), "label_precision": "day"},
        {"standing": "unknown"},
        {"timezone": ""},
        {"kind": None},
    ],
    ids=str,
)
def test_the_database_refuses_what_cannot_be(wrong: dict) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        make.local_government(**wrong)


def test_a_proposed_city_needs_no_more_than_name_and_country() -> None:
    proposed = make.local_government(standing="pending", kind=None, subregion=None, timezone="")
    assert list(LocalGovernment.objects.pending()) == [proposed]
    assert not LocalGovernment.objects.listed().exists()
