"""The cities section: figures with date and source, the map, the list in the reader's language."""

from datetime import date

import pytest
from django.db import connection
from django.template.loader import render_to_string
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from municipalities import display
from municipalities.models import LocalGovernment
from tests.factories import municipalities as make

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def regions() -> None:
    make.term("world-region", "150")
    make.term("world-region", "019")


def several() -> None:
    oslo = {"latitude": "59.9", "longitude": "10.7", "names": {"ar": "أوسلو"}, "country": "NO"}
    make.local_government(
        name="Örebro", label_date=date(2025, 5, 1), label_precision="month", is_mission_city=True, target_year=2030
    )
    make.local_government(
        name="Oslo",
        label_date=date(2023, 10, 12),
        label_precision="day",
        is_mission_city=True,
        source_url="https://example.org/oslo",
        **oslo,
    )
    make.local_government(name="Aarhus", country="DK", is_mission_city=True)
    make.local_government(name="Rio", country="BR", subregion=make.term("world-subregion", "005"), is_up2030_pilot=True)
    make.local_government(name="Proposed", standing="pending")


@pytest.mark.usefixtures("time")
def test_figures_say_when_and_who_says_so() -> None:
    several()
    with translation.override("en"):
        assert display.cities_section()["figures"] == [
            {
                "value": "4",
                "label": "local governments in the directory",
                "year": "22 November 2026",
                "source": "GKEC",
                "note": "from 4 countries",
            },
            {
                "value": "2",
                "label": "of them hold the EU Mission Label",
                "year": "awarded until May 2025",
                "source": "European Commission",
                "source_url": "",
            },
            {
                "value": "1",
                "label": "are pilot cities of UP2030",
                "year": "2023–2025",
                "source": "UP2030",
                "source_url": "https://up2030-he.eu/",
            },
        ]


def test_cities_stand_in_their_region_in_alphabetical_order() -> None:
    several()
    with translation.override("en"):
        regions = display.cities_section()["regions"]
    assert [(region.slug, [(city.name, city.country, city.notes) for city in region.cities]) for region in regions] == [
        ("019", [("Rio", "Brazil", ("UP2030 pilot",))]),
        (
            "150",
            [
                ("Aarhus", "Denmark", ("EU Mission City",)),
                ("Örebro", "Sweden", ("EU Mission Label, May 2025", "climate neutral by 2030")),
                ("Oslo", "Norway", ("EU Mission Label, 12 October 2023",)),
            ],
        ),
    ]


def test_the_map_shows_those_whose_place_is_known_in_the_readers_language() -> None:
    several()
    with translation.override("ar"):
        city_map = display.city_map()
    assert [dot["name"] for dot in city_map["dots"]] == ["أوسلو"]
    assert [(entry["tone"], entry["count"]) for entry in city_map["legend"]] == [("green", 1)]


@pytest.mark.usefixtures("time")
@pytest.mark.parametrize(
    ("number", "title", "note"),
    [
        (1, "Map of 1 local government", "from 1 country"),
        (2, "Map of 2 local governments", "from 2 countries"),
    ],
)
def test_map_and_figure_count_in_singular_and_plural(number: int, title: str, note: str) -> None:
    for country in ["NO", "DK"][:number]:
        make.local_government(name=f"City in {country}", country=country, latitude=1, longitude=2)
    found = display.cities_section()
    assert (display.city_map()["title"], found["figures"][0]["note"]) == (title, note)


def test_a_dot_is_sized_by_the_inhabitants_where_they_are_known() -> None:
    for name, population in (("Seoul", 4_000_000), ("Lyon", 1_000_000), ("Kochi", None)):
        known = {"population": population, "population_source": "GeoNames"} if population else {}
        make.local_government(name=name, latitude=1, longitude=2, **known)
    city_map = display.city_map()
    # A quarter of the inhabitants is a quarter of the area, above the smallest that can be seen.
    assert [(dot["name"], dot["radius"]) for dot in city_map["dots"]] == [("Seoul", 22), ("Lyon", 14), ("Kochi", 7)]
    assert city_map["sizes"] == "The larger a dot, the more inhabitants."
    assert "The larger a dot, the more inhabitants." in render_to_string(
        "municipalities/cities.html", display.cities_section()
    )


def test_dots_of_which_nobody_counted_the_inhabitants_are_all_small_and_nothing_is_said_of_their_size() -> None:
    for name in ("Kochi", "Lyon"):
        make.local_government(name=name, latitude=1, longitude=2)
    city_map = display.city_map()
    assert ([dot["radius"] for dot in city_map["dots"]], city_map["sizes"]) == ([7, 7], "")


def test_the_map_and_the_figure_tell_one_number_of_pilots() -> None:
    place = {"latitude": 1, "longitude": 2, "is_up2030_pilot": True}
    make.local_government(name="Rio", country="BR", **place)
    make.local_government(
        name="Oslo", country="NO", label_date="2023-10-12", label_precision="day", is_mission_city=True, **place
    )
    page = display.cities_section()
    legend = [(entry["label"], entry["count"]) for entry in page["city_map"]["legend"]]
    assert legend == [("EU Mission Label", 1), ("UP2030 pilot without the label", 1)]
    assert [figure["value"] for figure in page["figures"] if figure["label"] == "are pilot cities of UP2030"] == ["2"]


def test_the_page_marks_up_names_and_links_the_source_of_what_it_says() -> None:
    several()
    make.local_government(name="<script>alert(1)</script>")
    with translation.override("en"):
        html = render_to_string("municipalities/cities.html", display.cities_section())
    assert "<script>" not in html
    assert "<bdi>&lt;script&gt;alert(1)&lt;/script&gt;</bdi>" in html
    assert '<a class="soft" href="https://example.org/oslo">EU Mission Label, 12 October 2023</a>' in html
    assert "Proposed" not in html
    assert 'href="https://www.geonames.org/"' in html


def test_a_city_and_its_country_are_parted_by_the_comma_of_the_page() -> None:
    make.local_government(name="Oslo", country="NO")
    with translation.override("ar"):
        html = render_to_string("municipalities/cities.html", display.cities_section())
    assert "<b><bdi>Oslo</bdi></b>، النرويج</span>" in html


def test_a_city_outside_every_known_region_is_still_listed() -> None:
    make.local_government(name="Somewhere", subregion=make.term("world-subregion", "999"))
    with translation.override("en"):
        regions = display.cities_section()["regions"]
    assert [(region.label, [city.name for city in region.cities]) for region in regions] == [
        ("Elsewhere", ["Somewhere"])
    ]


def test_without_cities_the_section_says_so() -> None:
    with translation.override("en"):
        html = render_to_string("municipalities/cities.html", display.cities_section())
    assert '<h2 class="empty__title">No city is listed yet</h2>' in html


@pytest.mark.parametrize("size", [1, 3])
def test_the_section_costs_two_statements_however_many_cities_there_are(size: int) -> None:
    for _ in range(size):
        make.local_government(latitude="59", longitude="10")
    with CaptureQueriesContext(connection) as queries, translation.override("fr"):
        render_to_string("municipalities/cities.html", display.cities_section())
    assert len(queries) == 2
    assert LocalGovernment.objects.count() == size
