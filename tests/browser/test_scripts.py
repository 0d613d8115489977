"""What the site's script adds to pages that work without it."""

import re
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import BrowserContext, expect

from tests.browser.site import Site
from tests.services.browser import assert_no_sideways_scroll

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("site"), pytest.mark.timeout(300)]

Visit = Callable[..., BrowserContext]
REGISTER = "/en/events/starting-a-city-climate-budget/register/"


def test_the_readers_own_time_stands_beside_the_events(site: Site, visit: Visit) -> None:
    page = visit(timezone="America/Bogota").new_page()
    page.goto("/dev/components/zones/")
    stage = page.locator(".specimen__stage")

    expect(stage.nth(0).locator(".zones__row--yours")).to_have_text("Your time09:00 to 10:30")


def test_another_day_is_named_in_the_language_of_the_page(site: Site, visit: Visit) -> None:
    page = visit(timezone="Pacific/Auckland").new_page()
    page.goto("/dev/components/zones/")

    yours = page.locator(".specimen__stage").nth(0).locator(".zones__row--yours dd")
    # The comma after the weekday comes and goes with the browser's edition.
    assert yours.inner_text().replace(",", "") == "Sunday 13 December 03:00\u00a0to\u00a004:30"


def test_another_day_fits_on_a_phone_in_every_language(site: Site, visit: Visit) -> None:
    page = visit(timezone="Pacific/Auckland", width="phone").new_page()
    for language in ("en", "fr", "es", "pt", "ar"):
        page.goto(f"/{language}/events/")
        expect(page.locator(".zones__yours time", has_text=re.compile("[,،]")).first).to_be_visible()
        assert_no_sideways_scroll(page)


def test_the_same_clock_is_not_shown_twice(site: Site, visit: Visit) -> None:
    page = visit(timezone="Europe/Paris").new_page()
    page.goto("/dev/components/zones/")

    expect(page.locator(".specimen__stage").nth(0).locator(".zones__row--yours")).to_be_hidden()


@pytest.mark.parametrize(
    ("timezone", "expected"), [("America/Bogota", "America/Bogota"), ("Asia/Calcutta", "Asia/Kolkata")]
)
def test_the_form_takes_the_zone_of_the_browser(site: Site, visit: Visit, timezone: str, expected: str) -> None:
    page = visit(timezone=timezone).new_page()
    page.goto(REGISTER)

    expect(page.locator("select[name=timezone]")).to_have_value(expected)
    label = page.locator(f"select[name=timezone] option[value='{expected}']").inner_text()
    expect(page.locator(".folded__words")).to_contain_text(label)


def test_a_zone_that_was_chosen_stays(site: Site, visit: Visit) -> None:
    page = visit(timezone="America/Bogota").new_page()
    page.goto(REGISTER)
    page.locator(".folded summary").click()
    page.locator("select[name=timezone]").select_option("Asia/Tokyo")
    page.locator("main form .button").first.click()

    expect(page.locator(".errors")).to_be_focused()
    expect(page.locator("select[name=timezone]")).to_have_value("Asia/Tokyo")
    expect(page.locator(".folded__words")).to_contain_text("Tokyo")


def test_a_menu_closes_on_escape_and_gives_the_focus_back(site: Site, visit: Visit) -> None:
    page = visit(width="phone").new_page()
    page.goto("/en/")
    menu = page.locator(".bar__menu")
    menu.locator("summary").click()
    menu.get_by_role("link", name="Events").focus()
    page.keyboard.press("Escape")

    expect(menu).not_to_have_attribute("open", "")
    expect(menu.locator("summary")).to_be_focused()


def test_a_menu_closes_when_the_reader_turns_away(site: Site, visit: Visit) -> None:
    page = visit().new_page()
    page.goto("/en/")
    languages = page.locator(".bar__end details").first
    languages.locator("summary").click()
    expect(languages).to_have_attribute("open", "")
    page.locator("h1").click()

    expect(languages).not_to_have_attribute("open", "")


def test_a_video_loads_nothing_before_it_is_asked_for(site: Site, visit: Visit) -> None:
    page = visit().new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto("/dev/components/embed/")
    assert {urlsplit(url).netloc for url in asked} == {urlsplit(site.url).netloc}

    page.locator("[data-embed-play]").first.click()

    frame = page.locator(".embed iframe").first
    expect(frame).to_have_attribute("src", "https://www.youtube-nocookie.com/embed/aaaaaaaaaaa?autoplay=1")
    expect(frame).to_have_attribute("title", "How the tram came back")


def test_what_went_wrong_is_read_first_although_the_address_names_a_part_of_the_page(site: Site, visit: Visit) -> None:
    page = visit().new_page()
    page.goto(REGISTER)
    page.locator(".skip").focus()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("#main$"))
    for _time in range(2):
        # The page that stands has been loaded, too: what is waited for is the next one.
        with page.expect_event("load"):
            page.locator("main form .button").first.click()
        # The browser goes to the part that the address names when it first draws the page.
        page.evaluate("() => new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")
        expect(page.locator(".errors")).to_be_focused()
        page.locator(".errors a").first.click()
        expect(page).to_have_url(re.compile("#id_"))


def test_a_form_is_sent_once(site: Site, visit: Visit) -> None:
    page = visit().new_page()
    page.goto(REGISTER)
    assert page.evaluate(
        """() => {
            const form = document.querySelector("main form[method=post]");
            const send = () => form.dispatchEvent(new Event("submit", { cancelable: true }));
            return [send(), send()];
        }"""
    ) == [True, False]
