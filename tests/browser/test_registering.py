"""A guest registers from another time zone, waits, is promoted, changes and cancels; with and without scripts."""

from collections.abc import Callable
from uuid import uuid4

import pytest
from icalendar import Calendar
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.site import Site, part, self_service_link, text_of

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("site"), pytest.mark.timeout(300)]

Visit = Callable[..., BrowserContext]
EVENT = "/events/starting-a-city-climate-budget/"


def fill_in(page: Page, *, name: str, address: str) -> None:
    page.locator("input[name=name]").fill(name)
    page.locator("main input[name=email]").fill(address)
    page.locator("select[name=country]").select_option("CO")
    page.locator("input[name=organisation]").fill("Alcaldía de Medellín")
    page.locator("select[name=organisation_type]").select_option("local-authority")


def submit(page: Page) -> None:
    """Press the one button of the form that the page is about."""
    page.locator("main form[method=post] button").first.click()


def register(page: Page, path: str, *, name: str, address: str) -> None:
    page.goto(path)
    fill_in(page, name=name, address=address)
    submit(page)
    page.wait_for_url("**/register/done/")


def test_a_guest_registers_in_french_from_bogota(site: Site, visit: Visit) -> None:
    address = f"luisa.{uuid4().hex[:8]}@example.org"
    page = visit(language="fr", timezone="America/Bogota").new_page()
    page.goto(f"/fr{EVENT}")
    expect(page.locator("h1")).to_have_text("Lancer un budget climat dans sa ville")
    expect(page.locator("main")).to_contain_text("09:00")
    page.get_by_role("link", name="S’inscrire").click()
    fill_in(page, name="Luisa Gómez", address=address)
    expect(page.locator("main form")).to_contain_text("Bogota")
    page.get_by_role("button", name="S’inscrire").click()
    expect(page.locator("h1")).to_have_text("Consultez votre messagerie")

    mail = site.wait_for_mail(address)
    assert "Lancer un budget climat dans sa ville" in mail["Subject"]
    assert mail["Content-Language"] == "fr"
    calendar = part(mail, "text/calendar")
    assert calendar.get_param("method") == "REQUEST"
    event = Calendar.from_ical(calendar.get_content()).walk("VEVENT")[0]
    assert (event["SEQUENCE"], str(event["ORGANIZER"]).lower().startswith("mailto:")) == (0, True)
    assert event["DTSTART"].params["TZID"] == "Europe/Brussels"
    assert [str(zone["TZID"]) for zone in Calendar.from_ical(calendar.get_content()).walk("VTIMEZONE")] == [
        "Europe/Brussels"
    ]
    assert "09:00" in text_of(mail)
    assert "15:00" in text_of(mail)

    page.goto(self_service_link(mail))
    expect(page.locator("html")).to_have_attribute("lang", "fr")
    expect(page.locator("main")).to_contain_text("15:00")
    expect(page.locator("main")).to_contain_text("09:00")
    page.locator("select[name=language]").select_option("ar")
    page.locator("select[name=timezone]").select_option("Africa/Casablanca")
    submit(page)
    expect(page.locator("html")).to_have_attribute("lang", "ar")
    expect(page.locator("html")).to_have_attribute("dir", "rtl")
    expect(page.locator("select[name=timezone]")).to_have_value("Africa/Casablanca")

    page.locator("main a[href$='/cancel/']").click()
    submit(page)
    expect(page.locator("main a[href$='/register/']")).to_be_visible()
    farewell = site.wait_for_mail(address, number=2)
    assert farewell["Content-Language"] == "ar"
    assert part(farewell, "text/calendar").get_param("method") == "CANCEL"


def test_the_answer_is_the_same_for_a_known_address(site: Site, visit: Visit) -> None:
    address = f"known.{uuid4().hex[:8]}@example.org"
    page = visit().new_page()
    register(page, f"/en{EVENT}register/", name="Ana Known", address=address)
    first = page.locator("main").inner_text()
    site.wait_for_mail(address)
    register(page, f"/en{EVENT}register/", name="Ana Known", address=address)
    assert page.locator("main").inner_text() == first
    again = site.wait_for_mail(address, number=2)
    assert self_service_link(again) == self_service_link(site.mails_to(address)[0])


# In the short run test_joining.py has somebody register without scripts.
@pytest.mark.parametrize(
    "javascript", [pytest.param(True, id="scripts"), pytest.param(False, id="no-scripts", marks=pytest.mark.long)]
)
def test_who_waits_is_told_the_place_and_gets_the_next_seat(site: Site, visit: Visit, javascript: bool) -> None:
    mark = uuid4().hex[:8]
    slug = site.run(f"from tests.browser.occasions import small_webinar; print(small_webinar('two-seats-{mark}'))")
    people = [f"{number}.{mark}@example.org" for number in ("first", "second", "third", "fourth")]
    page = visit(javascript=javascript, width="phone").new_page()
    for address in people:
        register(page, f"/en/events/{slug}/register/", name="Sam Waiting", address=address)
        site.wait_for_mail(address)
    assert part(site.mails_to(people[1])[0], "text/calendar").get_param("method") == "REQUEST"
    assert "number 1 on the waiting list" in text_of(site.mails_to(people[2])[0])
    assert "number 2 on the waiting list" in text_of(site.mails_to(people[3])[0])

    page.goto(self_service_link(site.mails_to(people[0])[0]))
    page.get_by_role("link", name="Cancel my registration").click()
    submit(page)
    expect(page.locator("main")).to_contain_text("This registration is cancelled.")

    promoted = site.wait_for_mail(people[2], number=2)
    assert part(promoted, "text/calendar").get_param("method") == "REQUEST"
    page.goto(self_service_link(promoted))
    expect(page.locator("main")).to_contain_text("You are registered and have a seat.")
    page.goto(self_service_link(site.mails_to(people[3])[0]))
    expect(page.locator("main")).to_contain_text("You are number 1 on the waiting list.")
    assert len(site.mails_to(people[3])) == 1


def test_what_was_typed_stays_when_something_is_wrong(site: Site, visit: Visit) -> None:
    page = visit(language="ar", width="phone").new_page()
    page.goto(f"/ar{EVENT}register/")
    fill_in(page, name="منى \u202eالحسن", address="not-an-address")
    submit(page)
    expect(page.locator(".errors")).to_be_focused()
    expect(page.locator("main input[name=email]")).to_have_value("not-an-address")
    expect(page.locator("main input[name=email]")).to_have_attribute("aria-invalid", "true")
    expect(page.locator("select[name=country]")).to_have_value("CO")
