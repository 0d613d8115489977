"""Drawings for pages without a photograph: the same topic and key always give the same picture.

Courses get contour lines, events the arcs of an assembly, knowledge the plan of a city, cities their roads and rings,
news the isobars of a weather chart. Nothing is stored: a cover is computed and kept by caches.
"""

import math
import random
from collections.abc import Callable
from functools import lru_cache

from django.urls import reverse

WIDTH, HEIGHT = 480, 216
# Grows when the drawing changes, so that caches let go of the old one.
EDITION = 1
LONGEST_KEY = 255

# Light and dark: ground, fine line, strong line, accent.
HUES = {
    "learning": (("#e3eee6", "#a9c6b6", "#0b6b4f", "#f0b429"), ("#17322a", "#2f5a4b", "#5fd0a3", "#f0b429")),
    "events": (("#fbf0d3", "#dfc27a", "#7a5500", "#b3401f"), ("#33290f", "#6b5620", "#f0b429", "#ff9a76")),
    "knowledge": (("#edf3f9", "#cbdcee", "#1d5c9e", "#f0b429"), ("#14232f", "#22405c", "#8cc2ff", "#f0b429")),
    "cities": (("#eceee6", "#c3c9bb", "#14231d", "#0b6b4f"), ("#1c2924", "#40524a", "#e9f0ea", "#5fd0a3")),
    "news": (("#faece4", "#e3b7a3", "#b3401f", "#1d5c9e"), ("#3a2018", "#74422f", "#ff9a76", "#8cc2ff")),
}
Point = tuple[float, float]


def address(topic: str, key: str) -> str:
    """Return the URL of a cover; an unknown topic is drawn as a city's."""
    return reverse("cover", args=[topic if topic in HUES else "cities", key[:LONGEST_KEY]]) + f"?e={EDITION}"


@lru_cache(maxsize=256)
def svg(topic: str, key: str) -> str:
    """Return the cover as an SVG document in light and dark; raises KeyError for an unknown topic."""
    light, dark = HUES[topic]
    # A drawing, not a secret: the generator need only be steady.
    parts = DRAWINGS[topic](random.Random(f"{EDITION}:{topic}:{key}"))  # noqa: S311
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" preserveAspectRatio="xMidYMid slice">'
        f"<style>{_style(light)}@media(prefers-color-scheme:dark){{{_style(dark)}}}</style>"
        f'<path class="g" d="M0 0h{WIDTH}v{HEIGHT}H0z"/>{parts}</svg>'
    )


def _style(hues: tuple[str, str, str, str]) -> str:
    ground, fine, strong, accent = hues
    return (
        f".g{{fill:{ground}}}.f,.s{{fill:none;stroke:{fine}}}.s{{stroke:{strong};stroke-width:1.6}}"
        f".b{{fill:{fine}}}.c{{fill:{strong}}}.a{{fill:{accent}}}"
    )


def _curve(points: list[Point], *, closed: bool) -> str:
    """Return a smooth path: each point bends the line, which runs through the middles between them."""
    middles = [((a[0] + b[0]) / 2, (a[1] + b[1]) / 2) for a, b in zip(points, points[1:] + points[:1], strict=True)]
    if closed:
        start, bends = middles[-1], list(zip(points, middles, strict=True))
    else:
        start, bends = points[0], [*zip(points[1:-1], middles[1:-1], strict=True), (points[-1], points[-1])]
    path = f"M{start[0]:.0f} {start[1]:.0f}"
    return path + "".join(f"Q{a:.0f} {b:.0f} {c:.0f} {d:.0f}" for (a, b), (c, d) in bends) + ("z" if closed else "")


def _mark(x: float, y: float) -> str:
    return f'<circle class="a" cx="{x:.0f}" cy="{y:.0f}" r="7"/>'


# Contours --------------------------------------------------------------------------------------

STEP = 15


def _terrain(dice: random.Random) -> Callable[[float, float], float]:
    hills = [
        (dice.uniform(0, WIDTH), dice.uniform(0, HEIGHT), dice.uniform(34, 95), dice.uniform(0.4, 1.0) * sign)
        for sign in (1, 1, 1, -1, 1, -1, 1, 1)
    ]
    hills[0] = (dice.uniform(0.3, 0.7) * WIDTH, dice.uniform(0.35, 0.65) * HEIGHT, dice.uniform(70, 100), 1.3)
    return lambda x, y: sum(h * math.exp(-((x - a) ** 2 + (y - b) ** 2) / (2 * r * r)) for a, b, r, h in hills)


# For each of the 16 ways in which a cell's corners can lie above a level: the edges that its line joins.
_EDGES = {
    1: [(3, 2)], 2: [(2, 1)], 3: [(3, 1)], 4: [(0, 1)], 5: [(3, 0), (2, 1)], 6: [(0, 2)], 7: [(3, 0)],
    8: [(3, 0)], 9: [(0, 2)], 10: [(0, 1), (3, 2)], 11: [(0, 1)], 12: [(3, 1)], 13: [(2, 1)], 14: [(3, 2)],
}  # fmt: skip


def _segments(heights: list[list[float]], level: float) -> dict[tuple, list[tuple]]:
    """Return which grid edges a level's line joins in each cell (marching squares)."""
    joined: dict[tuple, list[tuple]] = {}
    above = [[height > level for height in row] for row in heights]
    for row in range(len(heights) - 1):
        top, bottom = above[row], above[row + 1]
        for col in range(len(top) - 1):
            case = 8 * top[col] + 4 * top[col + 1] + 2 * bottom[col + 1] + bottom[col]
            if case in {0, 15}:
                continue
            names = (("h", row, col), ("v", row, col + 1), ("h", row + 1, col), ("v", row, col))
            for a, b in _EDGES[case]:
                joined.setdefault(names[a], []).append(names[b])
                joined.setdefault(names[b], []).append(names[a])
    return joined


def _crossing(heights: list[list[float]], edge: tuple, level: float) -> Point:
    kind, row, col = edge
    a = heights[row][col]
    b = heights[row][col + 1] if kind == "h" else heights[row + 1][col]
    part = (level - a) / (b - a)
    return (
        ((col + part) * STEP - STEP, row * STEP - STEP)
        if kind == "h"
        else (col * STEP - STEP, (row + part) * STEP - STEP)
    )


def _lines(heights: list[list[float]], level: float) -> list[tuple[list[Point], bool]]:
    """Return the level's lines as points, each with whether it closes on itself."""
    joined = _segments(heights, level)
    lines = []
    # Open lines begin at an edge with one neighbour; what is left are rings.
    for start in sorted(joined, key=lambda edge: len(joined[edge])):
        if not joined[start]:
            continue
        walk, here = [start], start
        while joined[here]:
            there = joined[here].pop()
            joined[there].remove(here)
            walk.append(there)
            here = there
        closed = walk[0] == walk[-1] and len(walk) > 3
        points = [_crossing(heights, edge, level) for edge in (walk[:-1] if closed else walk)]
        # Every other point is enough for a smooth line.
        lines.append((points[::2] if len(points) > 14 else points, closed))
    return lines


def _contours(dice: random.Random) -> str:
    height = _terrain(dice)
    heights = [
        [height(col * STEP - STEP, row * STEP - STEP) for col in range(WIDTH // STEP + 3)]
        for row in range(HEIGHT // STEP + 3)
    ]
    low, high = min(map(min, heights)), max(map(max, heights))
    fine, strong = "", ""
    for index in range(1, 14):
        level = low + (high - low) * index / 14
        drawn = "".join(_curve(points, closed=closed) for points, closed in _lines(heights, level) if len(points) > 3)
        if index % 4 == 1:
            strong += drawn
        else:
            fine += drawn
    peak = max(
        ((x, y) for x in range(45, WIDTH - 44, STEP) for y in range(45, HEIGHT - 44, STEP)),
        key=lambda place: heights[place[1] // STEP + 1][place[0] // STEP + 1],
    )
    return f'<path class="f" d="{fine}"/><path class="s" d="{strong}"/>{_mark(*peak)}'


# Assembly: rows of seats round a stage ------------------------------------------------------------


def _assembly(dice: random.Random) -> str:
    x, y = dice.uniform(0.35, 0.65) * WIDTH, HEIGHT * dice.uniform(0.88, 1.0)
    fine = strong = seats = ""
    for row in range(2, 15):
        radius = row * 22 + dice.uniform(-2, 2)
        angle = -math.pi + dice.uniform(0.02, 0.2)
        while angle < -0.05:
            length = dice.uniform(0.25, 0.9)
            end = min(angle + length, -0.02)
            a = (x + radius * math.cos(angle), y + radius * math.sin(angle))
            b = (x + radius * math.cos(end), y + radius * math.sin(end))
            arc = f"M{a[0]:.0f} {a[1]:.0f}A{radius:.0f} {radius:.0f} 0 0 1 {b[0]:.0f} {b[1]:.0f}"
            if dice.random() < 0.22:
                strong += arc
            else:
                fine += arc
            if dice.random() < 0.3:
                seats += f'<circle class="c" cx="{b[0]:.0f}" cy="{b[1]:.0f}" r="3"/>'
            angle = end + 10 / radius + dice.choice((0, 0, 0.06))
    return (
        f'<g stroke-linecap="round"><path class="f" d="{fine}"/><path class="s" d="{strong}"/></g>{seats}'
        f'<circle class="a" cx="{x:.0f}" cy="{y - 14:.0f}" r="9"/>'
    )


# Plan: blocks between streets ----------------------------------------------------------------------


def _blocks(dice: random.Random, box: tuple[float, float, float, float], depth: int) -> list[tuple]:
    x, y, width, height = box
    if depth == 0 or min(width, height) < 22 or (depth < 4 and dice.random() < 0.12):
        return [box]
    street = 3 + depth
    cut = dice.uniform(0.32, 0.68)
    if width > height:
        first = width * cut - street / 2
        halves = ((x, y, first, height), (x + first + street, y, width - first - street, height))
    else:
        first = height * cut - street / 2
        halves = ((x, y, width, first), (x, y + first + street, width, height - first - street))
    return [block for half in halves for block in _blocks(dice, half, depth - 1)]


def _plan(dice: random.Random) -> str:
    turn = dice.choice((-24, -16, -9, 9, 16, 24))
    blocks = [block for block in _blocks(dice, (-150, -190, WIDTH + 300, HEIGHT + 380), 9) if min(block[2:]) > 3]
    parts: dict[str, str] = {"b": "", "c": "", "a": ""}
    for x, y, width, height in blocks:
        kind = dice.choices("bca", (90, 9, 1))[0]
        parts[kind] += f"M{x:.0f} {y:.0f}h{width:.0f}v{height:.0f}h-{width:.0f}z"
    drawn = "".join(f'<path class="{kind}" d="{path}"/>' for kind, path in parts.items() if path)
    return f'<g transform="rotate({turn} {WIDTH // 2} {HEIGHT // 2})">{drawn}</g>'


# Streets: rings and roads of a city from above ------------------------------------------------------


def _streets(dice: random.Random) -> str:
    x, y = dice.uniform(0.35, 0.65) * WIDTH, dice.uniform(0.35, 0.65) * HEIGHT
    bends = [(k, dice.uniform(0.02, 0.1), dice.uniform(0, math.tau)) for k in (2, 3, 5)]

    def ring(radius: float) -> list[Point]:
        steps = [math.tau * i / 18 for i in range(18)]
        grown = [radius * (1 + sum(a * math.cos(k * t + p) for k, a, p in bends)) for t in steps]
        return [(x + r * 1.25 * math.cos(t), y + r * math.sin(t)) for t, r in zip(steps, grown, strict=True)]

    fine = "".join(_curve(ring(radius), closed=True) for radius in range(26, 330, 24))
    strong = _curve(ring(60), closed=True)
    roads = dice.choice((6, 7, 8))
    for index in range(roads):
        angle = math.tau * (index + dice.uniform(-0.28, 0.28)) / roads
        road, distance = [(x, y)], 0.0
        while distance < 340:
            distance += 70
            angle += dice.uniform(-0.22, 0.22)
            road.append((road[-1][0] + 78 * math.cos(angle), road[-1][1] + 70 * math.sin(angle)))
        strong += _curve(road, closed=False)
    return f'<path class="f" d="{fine}"/><path class="s" d="{strong}"/>{_mark(x, y)}'


# Isobars: the lines of a weather chart ----------------------------------------------------------------


def _isobars(dice: random.Random) -> str:
    waves = [(dice.uniform(0.006, 0.022), dice.uniform(0, math.tau), dice.uniform(8, 26)) for _ in range(3)]
    fine = strong = ""
    for index, base in enumerate(range(-60, HEIGHT + 70, 13)):
        sway = base / HEIGHT
        points = [
            (float(x), base + sum(size * math.sin(rate * x + shift + sway * 1.6) for rate, shift, size in waves))
            for x in range(-20, WIDTH + 41, 40)
        ]
        if index % 5 == 2:
            strong += _curve(points, closed=False)
        else:
            fine += _curve(points, closed=False)
    x, y = dice.uniform(0.2, 0.8) * WIDTH, dice.uniform(0.25, 0.75) * HEIGHT
    return f'<path class="f" d="{fine}"/><path class="s" d="{strong}"/>{_mark(x, y)}'


DRAWINGS: dict[str, Callable[[random.Random], str]] = {
    "learning": _contours,
    "events": _assembly,
    "knowledge": _plan,
    "cities": _streets,
    "news": _isobars,
}
