"""Every kind of page: accessible in English and Arabic, light and dark, on a phone and on a desktop."""

from collections.abc import Callable, Generator
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, expect

from tests.browser.site import Site
from tests.services.browser import WIDTHS, assert_accessible, assert_no_sideways_scroll

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("devstack"), pytest.mark.timeout(300)]

Visit = Callable[..., BrowserContext]
WEBINAR = "events/starting-a-city-climate-budget"
COURSE = "learning/climate-budgeting-for-municipalities"
PAGES = {
    "home": "",
    "events": "events/",
    "webinar": f"{WEBINAR}/",
    "past webinar": "",
    "register": f"{WEBINAR}/register/",
    "registered": f"{WEBINAR}/register/done/",
    "learning": "learning/",
    "course": f"{COURSE}/",
    "module": "",
    "unit": "",
    "knowledge": "knowledge/",
    "cities": "cities/",
    "news": "news/",
    "subscribe": "news/subscribe/",
    "subscribed": "news/subscribe/asked/",
    "search": "search/?q=climate",
    "search without a find": "search/?q=zzzzzz",
    "privacy": "privacy/",
    "accessibility": "accessibility/",
    "contact": "contact/",
    "sign in": "account/login/",
    "sign up": "account/signup/",
    "reset": "account/password/reset/",
    "not found": "nothing-here/",
}


@pytest.fixture(scope="session")
def addresses(site: Site) -> dict[str, dict[str, str]]:
    """Return the address of every kind of page in both languages; what has no translation gets one for the purpose."""
    found = {}
    for language in ("en", "ar"):
        translated = site.run(
            f"from tests.browser.occasions import translate_lessons; print(translate_lessons({language!r}))"
        ).splitlines()
        pages = dict(zip(("course", "module", "unit", "past webinar"), translated, strict=True))
        found[language] = {name: pages.get(name) or f"/{language}/{path}" for name, path in PAGES.items()}
    return found


@dataclass
class Reader:
    """One reader's window, which goes from page to page: a new one for each page would take three times as long."""

    page: Page
    troubles: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("console", lambda message: self.troubles.append(message.text) if message.type == "error" else None)
        self.page.on("pageerror", lambda error: self.troubles.append(str(error)))


@pytest.fixture(scope="module")
def readers(browser: Browser, site: Site) -> Generator[Callable[[str], Reader]]:
    """Return the reader of a language: `readers("ar")`."""
    opened: dict[str, Reader] = {}

    def reader(language: str) -> Reader:
        if language not in opened:
            context = browser.new_context(base_url=site.url, locale=language, reduced_motion="reduce")
            context.set_default_timeout(15_000)
            opened[language] = Reader(context.new_page())
        return opened[language]

    yield reader
    for one in opened.values():
        one.page.context.close()


def _size(width: str) -> ViewportSize:
    across, down = WIDTHS[width]
    return {"width": across, "height": down}


@pytest.mark.parametrize("language", ["en", "ar"])
@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_accessible_light_and_dark(
    readers: Callable[[str], Reader], addresses: dict[str, dict[str, str]], name: str, language: str
) -> None:
    reader = readers(language)
    page, troubles = reader.page, reader.troubles
    troubles.clear()
    page.emulate_media(color_scheme="light")
    page.set_viewport_size(_size("desktop"))
    answer = page.goto(addresses[language][name])
    assert answer is not None
    assert answer.status == (404 if name == "not found" else 200)
    expect(page.locator("html")).to_have_attribute("lang", language)
    expect(page.locator("html")).to_have_attribute("dir", "rtl" if language == "ar" else "ltr")
    expect(page.locator("h1")).to_have_count(1)
    assert_accessible(page)
    assert_no_sideways_scroll(page)
    page.emulate_media(color_scheme="dark")
    page.set_viewport_size(_size("phone"))
    assert_accessible(page)
    assert_no_sideways_scroll(page)
    assert [one for one in troubles if "404" not in one] == []


@pytest.mark.parametrize("name", ["home", "webinar", "events", "unit", "register"])
def test_the_first_view_is_light_and_asks_nobody_else(
    site: Site, visit: Visit, addresses: dict[str, dict[str, str]], name: str
) -> None:
    page = visit(width="phone").new_page()
    sizes: dict[str, int] = {}

    def note(response: object) -> None:
        sizes[response.url] = int(response.headers.get("content-length") or 0)  # type: ignore[attr-defined]

    page.on("response", note)
    page.goto(addresses["en"][name], wait_until="networkidle")
    assert all(url.startswith(site.url) for url in sizes), sizes
    assert len(sizes) <= 15
    assert sum(sizes.values()) <= 100_000, sizes


def test_a_reader_opens_a_course_a_module_and_its_units(site: Site, visit: Visit) -> None:
    for language in ("en", "fr"):
        page = visit(language=language).new_page()
        page.goto(f"/{language}/learning/")
        page.locator("main .card__title a").first.click()
        course = page.locator("h1").inner_text()
        page.locator("main a[href*='/learning/']").filter(has_not_text=course).nth(1).click()
        expect(page.locator("html")).to_have_attribute("lang", language)
        expect(page.locator("main nav.crumbs").first).to_contain_text(course)


def test_the_language_switch_leads_to_this_page_in_the_other_language(site: Site, visit: Visit) -> None:
    page = visit(javascript=False, width="phone").new_page()
    page.goto(f"/en/{WEBINAR}/")
    page.locator("header details summary").first.click()
    page.locator("header a[hreflang=ar]").first.click()
    page.wait_for_url(f"**/ar/{WEBINAR}/")
    expect(page.locator("html")).to_have_attribute("dir", "rtl")
