"""Every kind of page: accessible in English and Arabic, light and dark, on a phone and on a desktop."""

import json
from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.site import Site
from tests.services.browser import PATIENCE, WIDTHS, assert_accessible, assert_no_sideways_scroll

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("pages"), pytest.mark.timeout(300)]

Visit = Callable[..., BrowserContext]
WEBINAR = "events/starting-a-city-climate-budget"
COURSE = "learning/climate-budgeting-for-municipalities"
COHORT = "climate-budgets-autumn"
TEAM = f"learning/cohorts/{COHORT}/team/"
PAGES = {
    "home": "",
    "events": "events/",
    "webinar": f"{WEBINAR}/",
    "past webinar": "",
    "register": f"{WEBINAR}/register/",
    "registered": f"{WEBINAR}/register/done/",
    "registration": "",
    "cancel": "",
    "new links": "",
    "erasing": "",
    "erase": "",
    "register refused": "",
    "join": "",
    "learning": "learning/",
    "course": f"{COURSE}/",
    "module": "",
    "unit": "",
    "knowledge": "knowledge/",
    "cities": "cities/",
    "news": "news/",
    "issue": "",
    "confirmed": "",
    "preferences": "",
    "unsubscribe": "",
    "unwanted": "",
    "cohorts": "learning/cohorts/",
    "cohort": f"learning/cohorts/{COHORT}/",
    "door": "",
    "decline": "",
    "represent": "cities/represent/",
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


# Pages of people who are signed in: whose, and where.
OWN_PAGES = {
    "my GKEC": ("learner@gkec.example", "my/"),
    "represent a city": ("learner@gkec.example", "cities/represent/espoo/"),
    "represent a new city": ("learner@gkec.example", "cities/represent/new/"),
    "my cities": ("coordinator@gkec.example", "my/cities/"),
    "my learning": ("learner@gkec.example", "my/learning/"),
    "my course": ("learner@gkec.example", f"my/learning/{COHORT}/"),
    "about me": ("learner@gkec.example", f"my/learning/{COHORT}/about-me/"),
    "leave": ("learner@gkec.example", f"my/learning/{COHORT}/leave/"),
    "my unit": ("learner@gkec.example", ""),
    "apply": ("coordinator@gkec.example", f"learning/cohorts/{COHORT}/apply/"),
    "enrol, city": ("coordinator@gkec.example", TEAM),
    "enrol, cohort": ("coordinator@gkec.example", f"{TEAM}?city=chefchaouen"),
    "enrol, people": ("coordinator@gkec.example", f"{TEAM}?city=chefchaouen&cohort={COHORT}"),
    "enrol, looked over": ("coordinator@gkec.example", f"{TEAM}?city=chefchaouen&cohort={COHORT}"),
    "team": ("coordinator@gkec.example", f"my/teams/{COHORT}/chefchaouen/"),
    "replace": ("coordinator@gkec.example", ""),
    "withdraw": ("coordinator@gkec.example", ""),
    "withdraw the team": ("coordinator@gkec.example", f"my/teams/{COHORT}/chefchaouen/withdraw/"),
    "moderate": ("moderator@gkec.example", f"learning/cohorts/{COHORT}/moderate/"),
}
NOBODY = ""
# What no address leads to at will.
REFUSALS = {"not open": 403, "too often": 429, "our mistake": 500, "no event": 404}
# What an address answers that leads to no page, or to one that is no more.
STATUSES = {"not found": 404, "register refused": 410}
FIRST_VIEWS = ["home", "webinar", "events", "unit", "register", "cities", "news", "course", "cohort"]
FIRST_VIEWS += ["my GKEC", "my learning", "my course"]
# What repeats what stands above it: eighty-five cities take as long as ten pages. The long run looks at all of them.
ALIKE = {"cities": ("main section li:nth-child(n+7)",)}
# The width in which a scheme is looked at, and another that the page must fit as well.
WIDTHS_OF = {"light": ("desktop", "phone"), "dark": ("phone", "desktop")}
# Light on a desktop and dark on a phone; the long run has each language in the other's clothes too.
USUAL = [("en", "light"), ("ar", "dark")]
OTHERS = [("en", "dark"), ("ar", "light")]


def looks_at(names: Iterable[str]) -> list[Any]:
    """Return a case for each look at each page: who reads it in which clothes, and whether axe examines it.

    Each run opens every page in both languages. axe takes half of the time: it examines one page in English and the
    next in Arabic, and only the long run every page in both. What they are made of is the same.
    """
    cases: list[Any] = []
    for number, name in enumerate(names):
        examined, glanced_at = USUAL[number % 2], USUAL[1 - number % 2]
        cases += [(name, *examined, True), (name, *glanced_at, False)]
        cases += [pytest.param(name, *look, True, marks=pytest.mark.long) for look in (glanced_at, *OTHERS)]
    return cases


def each_look_at(names: Iterable[str]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(("name", "language", "scheme", "is_examined"), looks_at(names))


@dataclass(frozen=True)
class Known:
    """What can be told only once the site runs: addresses and refusals by language, and a session for each person."""

    addresses: dict[str, dict[str, str]]
    cookie: str
    sessions: dict[str, str]
    refusals: dict[str, dict[str, str]]


@pytest.fixture(scope="session")
def known(site: Site) -> Known:
    """Ask the instance; what has no translation gets one for the purpose."""
    people = sorted({person for person, _path in OWN_PAGES.values()})
    said = json.loads(
        site.run(
            "from tests.browser.occasions import pages_of_every_kind; "
            f"print(pages_of_every_kind(('en', 'ar'), {people!r}))"
        )
    )
    paths = {**PAGES, **{name: path for name, (_person, path) in OWN_PAGES.items()}}
    addresses = {
        language: {name: f"/{language}/{path}" for name, path in paths.items()} | found
        for language, found in said["addresses"].items()
    }
    return Known(addresses, said["cookie"], said["sessions"], said["refusals"])


@dataclass
class Reader:
    """One reader's window, which goes from page to page: a new one for each page would take three times as long."""

    page: Page
    troubles: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("console", lambda message: self.troubles.append(message.text) if message.type == "error" else None)
        self.page.on("pageerror", lambda error: self.troubles.append(str(error)))


@pytest.fixture(scope="module")
def readers(browser: Browser, site: Site, known: Known) -> Generator[Callable[..., Reader]]:
    """Return the reader of a language, signed in where a person is named: `readers("ar", person)`."""
    opened: dict[tuple[str, str], Reader] = {}

    def reader(language: str, person: str) -> Reader:
        if (language, person) not in opened:
            context = browser.new_context(base_url=site.url, locale=language, reduced_motion="reduce")
            context.set_default_timeout(PATIENCE)
            if person:
                context.add_cookies([{"name": known.cookie, "value": known.sessions[person], "url": site.url}])
            opened[language, person] = Reader(context.new_page())
        return opened[language, person]

    yield reader
    for one in opened.values():
        one.page.context.close()


def _set(page: Page, scheme: Any, width: str) -> None:
    across, down = WIDTHS[width]
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": across, "height": down})


def _open(reader: Reader, address: str, language: str, *, status: int = 200) -> None:
    """Go there, and see that it is a page in this language."""
    page = reader.page
    reader.troubles.clear()
    answer = page.goto(address)
    assert answer is not None
    assert answer.status == status
    expect(page.locator("html")).to_have_attribute("lang", language)
    expect(page.locator("html")).to_have_attribute("dir", "rtl" if language == "ar" else "ltr")
    expect(page.locator("h1")).to_have_count(1)


@each_look_at(PAGES)
def test_a_page_is_accessible_and_fits(
    readers: Callable[..., Reader], known: Known, name: str, language: str, scheme: str, is_examined: bool
) -> None:
    reader = readers(language, NOBODY)
    width, other = WIDTHS_OF[scheme]
    status = STATUSES.get(name, 200)
    _set(reader.page, scheme, width)
    _open(reader, known.addresses[language][name], language, status=status)
    if is_examined:
        assert_accessible(reader.page, exclude=ALIKE.get(name, ()) if (language, scheme) in USUAL else ())
    assert_no_sideways_scroll(reader.page)
    _set(reader.page, scheme, other)
    assert_no_sideways_scroll(reader.page)
    assert [one for one in reader.troubles if status == 200 or str(status) not in one] == []


@each_look_at(OWN_PAGES)
def test_an_own_page_is_accessible(
    readers: Callable[..., Reader], known: Known, name: str, language: str, scheme: str, is_examined: bool
) -> None:
    reader = readers(language, OWN_PAGES[name][0])
    page = reader.page
    width, other = WIDTHS_OF[scheme]
    _set(page, scheme, width)
    _open(reader, known.addresses[language][name], language)
    # Whoever is not let in is led to the page on which people sign in, which is accessible too.
    assert page.url.endswith(known.addresses[language][name])
    if name == "enrol, looked over":
        page.locator("main textarea[name=lines]").fill("Salma <salma@city.example>\nnonsense")
        page.locator("main form[method=post] button").first.click()
        expect(page.locator("button[name=confirm]")).to_be_visible()
    if is_examined:
        assert_accessible(page)
    assert_no_sideways_scroll(page)
    _set(page, scheme, other)
    assert_no_sideways_scroll(page)
    assert reader.troubles == []


@each_look_at(REFUSALS)
def test_a_refusal_is_accessible(
    readers: Callable[..., Reader], known: Known, name: str, language: str, scheme: str, is_examined: bool
) -> None:
    reader = readers(language, NOBODY)
    page = reader.page
    width, other = WIDTHS_OF[scheme]
    _set(page, scheme, width)
    address = f"/{language}/{name.replace(' ', '-')}/"
    page.route(
        f"**{address}",
        lambda route: route.fulfill(
            status=REFUSALS[name], content_type="text/html", body=known.refusals[language][name]
        ),
    )
    # A mistake of ours is told in all languages at once.
    _open(reader, address, "en" if name == "our mistake" else language, status=REFUSALS[name])
    if is_examined:
        assert_accessible(page)
    assert_no_sideways_scroll(page)
    _set(page, scheme, other)
    assert_no_sideways_scroll(page)
    assert [one for one in reader.troubles if str(REFUSALS[name]) not in one] == []


@pytest.mark.parametrize("name", FIRST_VIEWS)
def test_the_first_view_is_light_and_asks_nobody_else(site: Site, visit: Visit, known: Known, name: str) -> None:
    context = visit(width="phone")
    if name in OWN_PAGES:
        session = known.sessions[OWN_PAGES[name][0]]
        context.add_cookies([{"name": known.cookie, "value": session, "url": site.url}])
    page = context.new_page()
    sizes: dict[str, int] = {}

    def note(response: object) -> None:
        sizes[response.url] = int(response.headers.get("content-length") or 0)  # type: ignore[attr-defined]

    page.on("response", note)
    page.goto(known.addresses["en"][name], wait_until="networkidle")
    assert all(url.startswith(site.url) for url in sizes), sizes
    assert page.url == site.url + known.addresses["en"][name]
    assert len(sizes) <= 15
    assert sum(sizes.values()) <= 100_000, sizes


# The titles on the way from a course to a unit, and how the unit begins.
READ = {
    "en": (
        ["Climate budgeting for municipalities", "The ceiling", "What a climate budget is"],
        "Every city hall knows how to keep to a budget.",
    ),
    "fr": (
        ["Le budget climat pour les communes", "Le plafond", "Ce qu’est un budget climat"],
        "Toute mairie sait tenir un budget.",
    ),
}


@pytest.mark.parametrize("language", READ)
def test_a_reader_opens_a_course_a_module_and_its_unit(site: Site, visit: Visit, language: str) -> None:
    titles, beginning = READ[language]
    page = visit(language=language).new_page()
    page.goto(f"/{language}/learning/")
    for title in titles:
        page.locator("main").get_by_role("link", name=title, exact=True).first.click()
        expect(page.locator("h1")).to_have_text(title)
        expect(page.locator("html")).to_have_attribute("lang", language)
    expect(page.locator("main nav.crumbs").first).to_contain_text(titles[0])
    expect(page.locator("main .reading p").first).to_contain_text(beginning)


def test_the_language_switch_leads_to_this_page_in_the_other_language(site: Site, visit: Visit) -> None:
    page = visit(javascript=False, width="phone").new_page()
    page.goto(f"/en/{WEBINAR}/")
    page.locator("header details summary").first.click()
    page.locator("header a[hreflang=ar]").first.click()
    page.wait_for_url(f"**/ar/{WEBINAR}/")
    expect(page.locator("html")).to_have_attribute("dir", "rtl")
