"""What the look promises and a browser can measure: sizes, order, rows, type, motion and colours."""

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("pages"), pytest.mark.timeout(300)]

Visit = Callable[..., BrowserContext]
WEBINAR = "events/starting-a-city-climate-budget"
CONTROLS = (
    "button, summary, select, textarea, .button, header a, nav.pages a, .errors a, "
    "input:not([type=hidden], [type=checkbox], [type=radio])"
)
# Each control that is lower than a finger: its own height, or that of the label that is pressed with it.
TOO_SMALL = """controls => [...document.querySelectorAll(controls)]
    .filter(one => one.checkVisibility({visibilityProperty: true}) && !one.closest(".visually-hidden, .skip, .trap"))
    .map(one => [Math.round(one.getBoundingClientRect().height * 10) / 10, one.outerHTML.slice(0, 90)])
    .filter(([height]) => height < 44)"""
# A row of cards ends where the row's box ends; so many cards as there are numbers to try.
HOLES = """most => {
    const row = document.querySelector("main .cards");
    const [card, box] = [row.firstElementChild, row.getBoundingClientRect()];
    const found = [];
    for (let number = 1; number <= most; number++) {
        row.replaceChildren(...Array.from({length: number}, () => card.cloneNode(true)));
        const ends = new Map();
        for (const one of row.children) {
            const {top, right} = one.getBoundingClientRect();
            ends.set(Math.round(top), Math.max(ends.get(Math.round(top)) ?? 0, right));
        }
        for (const right of ends.values()) if (Math.abs(right - box.right) > 1) found.push(number);
    }
    return found;
}"""
STYLES = """([selector, names]) => names.map(
    name => getComputedStyle(document.querySelector(selector)).getPropertyValue(name))"""
MOVING = """() => [...document.querySelectorAll("*")].flatMap(one => {
    const style = getComputedStyle(one);
    const names = style.transitionProperty.split(", ");
    const lasts = style.transitionDuration.split(", ").map(word => parseFloat(word));
    const moves = style.animationName !== "none" ? [["animation " + style.animationName, 1]] : [];
    return [...moves, ...names.map((name, at) => [name, lasts[at % lasts.length]])].filter(([, time]) => time > 0);
})"""


def styles(page: Page, selector: str, *names: str) -> list[str]:
    """Return what the browser makes of the properties of the first such element."""
    return page.evaluate(STYLES, [selector, list(names)])


def set_type(page: Page, selector: str) -> tuple[float, float]:
    """Return the line's height in sizes of the type, and how far letters stand apart."""
    names = ("font-size", "line-height", "letter-spacing")
    size, line, apart = (float(one.replace("normal", "0").removesuffix("px")) for one in styles(page, selector, *names))
    return round(line / size, 2), apart


@pytest.mark.parametrize(
    "path",
    ["", "events/", f"{WEBINAR}/", f"{WEBINAR}/register/", "learning/", "learning/cohorts/", "cities/", "news/",
     "search/?q=climate", "contact/", "account/login/", "account/signup/"],
)  # fmt: skip
def test_a_finger_hits_every_control_on_a_phone(visit: Visit, path: str) -> None:
    page = visit(width="phone").new_page()
    page.goto(f"/en/{path}")
    assert page.evaluate(TOO_SMALL, CONTROLS) == []
    page.locator("header details summary").first.click()
    assert page.evaluate(TOO_SMALL, "header a, header button, header summary") == []


def test_a_finger_hits_every_link_of_what_is_wrong(visit: Visit) -> None:
    page = visit(width="phone", javascript=True).new_page()
    page.goto(f"/en/{WEBINAR}/register/")
    page.locator("main form[method=post]").evaluate("form => { form.noValidate = true; form.requestSubmit() }")
    page.locator(".errors a").first.wait_for()
    assert page.locator(".errors a").count() >= 2
    assert page.evaluate(TOO_SMALL, CONTROLS) == []


@pytest.mark.parametrize("width", ["tablet", "desktop"])
def test_no_row_of_cards_leaves_a_hole(visit: Visit, width: str) -> None:
    page = visit(width=width).new_page()
    page.goto("/en/learning/")
    assert page.evaluate(HOLES, 8) == []


def test_on_a_phone_the_panel_stands_between_the_introduction_and_the_rest(visit: Visit) -> None:
    page = visit(width="phone").new_page()
    page.goto(f"/en/{WEBINAR}/")
    boxes = [page.locator(f".article__{part}").bounding_box() for part in ("intro", "side", "body")]
    assert all(boxes)
    intro, side, body = (box or {} for box in boxes)
    assert intro["y"] + intro["height"] <= side["y"]
    assert side["y"] + side["height"] <= body["y"]
    assert page.locator(".article__side .panel").count() == 1


def test_arabic_has_its_own_line_no_spacing_and_no_italics(visit: Visit) -> None:
    page = visit(language="ar").new_page()
    page.goto(f"/ar/{WEBINAR}/")
    assert set_type(page, "body") == (1.85, 0)
    assert set_type(page, "h1") == (1.42, 0)
    families = styles(page, "h1", "font-family")[0]
    assert families.index("Noto Naskh Arabic") < families.rindex("serif")
    slanted = (
        "[...document.querySelectorAll('body *')].filter(one => getComputedStyle(one).fontStyle !== 'normal').length"
    )
    assert page.evaluate(slanted) == 0


def test_nothing_moves_for_who_asked_for_that_and_little_for_others(visit: Visit) -> None:
    page = visit().new_page()
    page.goto("/en/")
    assert page.evaluate(MOVING) == []
    page.emulate_media(reduced_motion="no-preference")
    moving = page.evaluate(MOVING)
    assert moving
    assert {name for name, _seconds in moving} <= {"opacity", "transform"}
    assert max(seconds for _name, seconds in moving) <= 0.15


def test_each_topic_has_its_hue(visit: Visit) -> None:
    page = visit().new_page()
    page.goto("/en/")
    for topic, hue in (
        ("learning", "green"),
        ("events", "sun"),
        ("knowledge", "sky"),
        ("cities", "ink"),
        ("news", "clay"),
    ):
        page.evaluate("topic => { document.body.dataset.topic = topic }", topic)
        assert styles(page, "body", "--hue") == styles(page, "body", f"--{hue}"), topic


def test_with_forced_colours_buttons_keep_an_edge_and_the_map_its_tones(visit: Visit) -> None:
    page = visit().new_page()
    page.goto("/en/")
    dot = styles(page, ".map__dot--green", "fill")
    page.emulate_media(forced_colors="active")
    assert styles(page, "main .button", "border-top-width", "border-top-style") == ["2px", "solid"]
    assert styles(page, ".map__sheet", "forced-color-adjust") == ["none"]
    assert styles(page, ".map__dot--green", "fill") == dot
