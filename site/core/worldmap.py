"""The world map: the projection of its land, and where night lies at a given moment.

The land in `templates/includes/land.svg` was drawn once from Natural Earth's 1:110m data with this same projection, so
that a record's latitude and longitude fall on the right coast. The projection is Equal Earth (Šavrič, Patterson and
Jenny, 2018), which keeps areas true, centred on 11.2° east, where the map's edge runs through the Bering Strait and
cuts no country; it is cropped at 84° north and 57° south.
"""

import math
from collections.abc import Iterable
from datetime import UTC, datetime

WIDTH = 2000
CENTRE = 11.2
NORTH, SOUTH = 84.0, -57.0

_A1, _A2, _A3, _A4 = 1.340264, -0.081106, 0.000893, 0.003796
_M = math.sqrt(3) / 2


def _equal_earth(latitude: float, longitude: float) -> tuple[float, float]:
    theta = math.asin(_M * math.sin(math.radians(latitude)))
    t2 = theta * theta
    t6 = t2 * t2 * t2
    x = math.radians(longitude) * math.cos(theta) / (_M * (_A1 + 3 * _A2 * t2 + t6 * (7 * _A3 + 9 * _A4 * t2)))
    return x, theta * (_A1 + _A2 * t2 + t6 * (_A3 + _A4 * t2))


_EDGE = _equal_earth(0, 180)[0]
_SCALE = WIDTH / (2 * _EDGE)
_TOP = _equal_earth(NORTH, 0)[1]
HEIGHT = round((_TOP - _equal_earth(SOUTH, 0)[1]) * _SCALE)


def _place(latitude: float, from_centre: float) -> tuple[float, float]:
    x, y = _equal_earth(latitude, from_centre)
    return (_EDGE + x) * _SCALE, (_TOP - y) * _SCALE


def project(latitude: float, longitude: float) -> tuple[int, int]:
    """Return the point of the map, from the top left corner of its 2000 by 870 units, of a place in degrees.

    Raises ValueError for a latitude or longitude that is none.
    """
    if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
        raise ValueError(f"No such place: {latitude}, {longitude}.")
    x, y = _place(latitude, (longitude - CENTRE + 180) % 360 - 180)
    return round(x), round(y)


def dots(places: Iterable[dict]) -> list[dict]:
    """Return each place with `x`, `y` and `radius` on the map.

    A place has `latitude` and `longitude`, and may have `size` from 0 to 1, the share of the largest dot's area.
    Larger dots come first, so that small ones lie on top of them.
    """
    drawn = []
    for place in places:
        x, y = project(place["latitude"], place["longitude"])
        drawn.append({**place, "x": x, "y": y, "radius": round(7 + 15 * math.sqrt(place.get("size") or 0))})
    return sorted(drawn, key=lambda dot: -dot["radius"])


def sun(moment: datetime) -> tuple[float, float]:
    """Return the latitude and longitude, in degrees, where the sun stands overhead at an aware moment.

    Low-precision formulas of the Astronomical Almanac: within a tenth of a degree this century.
    """
    days = (moment - datetime(2000, 1, 1, 12, tzinfo=UTC)).total_seconds() / 86400
    mean_longitude = 280.460 + 0.9856474 * days
    anomaly = math.radians(357.528 + 0.9856003 * days)
    ecliptic = math.radians(mean_longitude + 1.915 * math.sin(anomaly) + 0.020 * math.sin(2 * anomaly))
    tilt = math.radians(23.439 - 0.0000004 * days)
    declination = math.asin(math.sin(tilt) * math.sin(ecliptic))
    right_ascension = math.degrees(math.atan2(math.cos(tilt) * math.sin(ecliptic), math.cos(ecliptic)))
    sidereal = (280.46062 + 360.98564737 * days) % 360
    return math.degrees(declination), (right_ascension - sidereal + 180) % 360 - 180


def is_day(latitude: float, longitude: float, moment: datetime) -> bool:
    """Tell whether the sun is above the horizon there, ignoring refraction."""
    sun_latitude, sun_longitude = (math.radians(degrees) for degrees in sun(moment))
    here = math.radians(latitude)
    return (
        math.sin(here) * math.sin(sun_latitude)
        + math.cos(here) * math.cos(sun_latitude) * math.cos(math.radians(longitude) - sun_longitude)
    ) > 0


def night(moment: datetime) -> str:
    """Return the SVG path, in the map's units, of the half of the earth where it is night at an aware moment."""
    sun_latitude, sun_longitude = sun(moment)
    # At an equinox the line of dusk runs through the poles and has no latitude of its own.
    slope = math.tan(math.radians(math.copysign(max(abs(sun_latitude), 0.2), sun_latitude)))
    dark_pole = -90 if sun_latitude > 0 else 90

    def dusk(from_centre: float) -> float:
        away = math.radians(from_centre + CENTRE - sun_longitude)
        return math.degrees(math.atan(-math.cos(away) / slope))

    line = [_place(dusk(step), step) for step in range(-180, 181, 5)]
    edge = [dark_pole + (dusk(180) - dark_pole) * part / 20 for part in range(20, -1, -1)]
    down = [_place(latitude, 180) for latitude in edge]
    back = [_place(latitude, -180) for latitude in reversed(edge)]
    return "M" + "L".join(f"{x:.0f} {y:.0f}" for x, y in [*line, *down, *back]) + "z"
