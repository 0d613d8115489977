"""What the site draws: the map and its night, covers, the emblem, the hours of an event."""

import math
import re
import xml.etree.ElementTree as ET
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.conf import settings
from django.utils.translation import override

from core import covers, kindhours, worldmap

TEMPLATES = Path(settings.ROOT) / "templates"


@pytest.mark.parametrize(
    ("latitude", "longitude", "point"),
    [(0, 11.2, (1000, 483)), (50.85, 4.35, (969, 130)), (4.6, -74.08, (527, 448)), (-33.87, 151.21, (1714, 728))],
)
def test_a_place_falls_where_the_projection_says(latitude, longitude, point):
    """The points are those of d3-geo's geoEqualEarth, rotated, scaled and cropped alike."""
    assert worldmap.project(latitude, longitude) == point


@pytest.mark.parametrize(("latitude", "longitude"), [(90.1, 0), (0, 180.1), (float("nan"), 0)])
def test_a_place_that_is_none_is_refused(latitude, longitude):
    with pytest.raises(ValueError, match="No such place"):
        worldmap.project(latitude, longitude)


def test_the_land_was_drawn_with_the_same_projection():
    """The southern tip of Africa, the Horn and Cape York, each found on the stored coast."""
    path = re.search(r'class="map__land" d="([^"]+)"', (TEMPLATES / "includes/land.svg").read_text())[1]
    coast = set()
    for ring in re.findall(r"M(\d+) (\d+)l([^z]+)z", path):
        x, y = int(ring[0]), int(ring[1])
        numbers = [int(number) for number in re.findall(r"-?\d+", ring[2])]
        coast.add((x, y))
        for dx, dy in zip(numbers[::2], numbers[1::2], strict=True):
            x, y = x + dx, y + dy
            coast.add((x, y))
    for place in ((-34.8, 20.0), (11.8, 51.3), (-10.7, 142.5)):
        assert min(math.dist(worldmap.project(*place), point) for point in coast) < 8


def test_the_land_is_small_enough_to_stand_in_a_page():
    assert (TEMPLATES / "includes/land.svg").stat().st_size < 20_000


def test_dots_grow_with_the_area_and_small_ones_lie_on_top():
    dots = worldmap.dots(
        [{"latitude": 0, "longitude": 0, "name": "a"}, {"latitude": 0, "longitude": 0, "name": "b", "size": 1}]
    )
    assert [(dot["name"], dot["radius"]) for dot in dots] == [("b", 22), ("a", 7)]


@pytest.mark.parametrize(
    ("moment", "latitude", "longitude"),
    [
        # Solstices and equinox of 2026 (USNO); at noon UTC the sun is near Greenwich but for the equation of time.
        (datetime(2026, 6, 21, 8, 24, tzinfo=UTC), 23.44, 54.5),
        (datetime(2026, 12, 21, 20, 50, tzinfo=UTC), -23.44, -133.0),
        (datetime(2026, 3, 20, 14, 46, tzinfo=UTC), 0.0, -39.6),
    ],
)
def test_the_sun_stands_where_the_almanac_says(moment, latitude, longitude):
    assert worldmap.sun(moment) == pytest.approx((latitude, longitude), abs=0.2)


def test_day_and_night_agree_with_the_clocks():
    moment = datetime(2026, 12, 12, 14, tzinfo=UTC)
    assert worldmap.is_day(4.6, -74.1, moment)
    assert worldmap.is_day(50.8, 4.35, moment)
    assert not worldmap.is_day(35.7, 139.7, moment)
    assert not worldmap.is_day(80, 0, moment)


def test_the_night_covers_what_is_dark_and_nothing_else():
    moment = datetime(2026, 6, 21, 12, tzinfo=UTC)
    points = [tuple(map(float, pair.split())) for pair in worldmap.night(moment)[1:-1].split("L")]

    def inside(point):
        crossings = 0
        for (x1, y1), (x2, y2) in zip(points, points[1:] + points[:1], strict=True):
            if (y1 > point[1]) != (y2 > point[1]) and point[0] < (x2 - x1) * (point[1] - y1) / (y2 - y1) + x1:
                crossings += 1
        return crossings % 2 == 1

    for latitude in range(-50, 81, 10):
        for longitude in range(-160, 181, 20):
            height = abs(_altitude(latitude, longitude, moment))
            # Where the sun is on the horizon a line of 5 degrees a step may stand on either side.
            if height > 2:
                dark = not worldmap.is_day(latitude, longitude, moment)
                assert inside(worldmap.project(latitude, longitude)) == dark, (latitude, longitude)


def _altitude(latitude, longitude, moment):
    south, east = (math.radians(value) for value in worldmap.sun(moment))
    here = math.radians(latitude)
    return math.degrees(
        math.asin(
            math.sin(here) * math.sin(south)
            + math.cos(here) * math.cos(south) * math.cos(math.radians(longitude) - east)
        )
    )


@pytest.mark.parametrize("topic", covers.HUES)
def test_a_cover_is_steady_small_and_safe(topic):
    covers.svg.cache_clear()
    first = covers.svg(topic, "climate-budget")
    covers.svg.cache_clear()

    assert covers.svg(topic, "climate-budget") == first
    assert covers.svg(topic, "another") != first
    assert len(first) < 10_000
    tags = {element.tag.rpartition("}")[2] for element in ET.fromstring(first).iter()}
    assert tags <= {"svg", "style", "path", "circle", "g"}


def test_a_cover_is_served_once_and_kept(client):
    response = client.get("/covers/learning/climate-budget.svg")

    assert response.status_code == 200
    assert response["Content-Type"] == "image/svg+xml"
    assert response["Cache-Control"] == "public, max-age=31536000, immutable"
    assert response["Content-Security-Policy"] == "default-src 'none'; style-src 'unsafe-inline'"
    assert not response.cookies


@pytest.mark.parametrize("address", ["/covers/nothing/x.svg", f"/covers/learning/{'x' * 256}.svg"])
def test_a_cover_that_is_none_is_not_found(client, db, address):
    assert client.get(address).status_code == 404


def test_markup_in_a_key_stays_out_of_the_drawing(client):
    response = client.get("/covers/learning/%3Cscript%3Ealert(1)%3C/script%3E.svg")
    assert b"script" not in response.content


def test_an_address_of_any_key_leads_to_its_cover(client):
    for key in ("climate-budget", "a/b c", "ميزانية", "x" * 400):
        assert client.get(covers.address("events", key)).status_code == 200


def test_the_emblem_has_twelve_upright_stars_on_their_circle():
    """Geometrical description of the European emblem: height 18, so stars of radius 1 on a circle of radius 6."""
    svg = (TEMPLATES / "includes/emblem.html").read_text()
    field = re.search(r'fill="#039" d="M0 0h(\d+)v(\d+)', svg)
    stars = re.findall(r"M([^Mz]+)z", re.search(r'fill="#fc0" d="([^"]+)"', svg)[1])

    assert (int(field[1]), int(field[2])) == (27, 18)
    assert len(stars) == 12
    for hour, star in enumerate(stars):
        points = [tuple(map(float, pair.split())) for pair in star.split("L")]
        centre = (13.5 + 6 * math.sin(math.radians(30 * hour)), 9 - 6 * math.cos(math.radians(30 * hour)))
        outer, inner = points[::2], points[1::2]
        assert points[0] == pytest.approx((centre[0], centre[1] - 1), abs=0.002)
        assert [math.dist(centre, point) for point in outer] == pytest.approx([1] * 5, abs=0.002)
        assert [math.dist(centre, point) for point in inner] == pytest.approx([0.382] * 5, abs=0.002)


def test_the_hours_of_an_event_in_four_parts_of_the_world():
    with override("en"):
        rows = kindhours.rows(datetime(2026, 12, 12, 14, tzinfo=UTC))

    assert [(row["label"], row["time"], row["part"]) for row in rows] == [
        ("Americas", "09:00", "day"),
        ("Europe and Africa", "15:00", "day"),
        ("South Asia", "19:30", "day"),
        ("East Asia and Pacific", "23:00", "night"),
    ]
    for row in rows:
        assert sum(band["width"] for band in row["bands"]) == 24
        assert next(band["x"] for band in row["bands"]) == 0
        middle = [band["part"] for band in row["bands"] if band["x"] <= 12 < band["x"] + band["width"]]
        assert middle == [row["part"]]
