"""The way of a team, from asking to represent a city to handing a seat on; on a phone, in Arabic, without scripts."""

import re
from collections.abc import Callable
from uuid import uuid4

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from tests.browser.site import PASSWORD, Site, text_of
from tests.browser.staff import signed_in
from tests.services.browser import assert_no_sideways_scroll

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("site"), pytest.mark.timeout(300)]

Visit = Callable[..., BrowserContext]
COHORT = "climate-budgets-autumn"
DOOR = re.compile(r"https?://\S+/learn/[^\s/]+/")
# What somebody would type to find the city in their own language.
CITIES = {"en": ("lahti", "Lahti"), "ar": ("تامبيري", "تامبيري")}


def sign_in(page: Page, address: str, language: str) -> None:
    page.goto(f"/{language}/account/login/")
    page.locator("input[name=login]").fill(address)
    page.locator("input[name=password]").fill(PASSWORD)
    page.locator("input[name=password]").press("Enter")
    page.wait_for_url("**/my/")


def submit(page: Page) -> None:
    """Press the first button of the form that the page is about."""
    page.locator("main form[method=post] button").first.click()


def must_fit(*pages: Page) -> None:
    """Fail when something makes a page wider than its window."""
    for page in pages:
        assert_no_sideways_scroll(page)


def ask_to_represent(page: Page, language: str) -> None:
    """Find the city, and ask to coordinate it."""
    words, name = CITIES[language]
    page.goto(f"/{language}/cities/represent/")
    page.locator("#city-query").fill(words)
    page.locator("#city-query").press("Enter")
    page.locator("main .links-grid a", has_text=name).click()
    # Sent empty, it says what is missing.
    submit(page)
    expect(page.locator(".errors")).to_be_visible()
    page.locator("input[name=role][value=coordinator]").check()
    page.locator("input[name=department]").fill("Finance")
    submit(page)
    page.wait_for_url(f"**/{language}/my/cities/")
    expect(page.locator("main")).to_contain_text("Finance")


def approve(staff: Page, address: str) -> None:
    """Approve the request in the queue, as staff do."""
    staff.goto("/admin/membership-requests/")
    row = staff.locator("main tr", has_text=address)
    row.locator("form button").first.click()
    expect(row).to_have_count(0)


def enrol(page: Page, language: str, lines: str) -> None:
    """Go through the four steps."""
    page.goto(f"/{language}/learning/cohorts/{COHORT}/team/")
    page.locator("main form button").first.click()
    page.wait_for_url("**?city=*")
    page.locator("main form button").first.click()
    page.wait_for_url("**cohort=*")
    page.locator("textarea[name=lines]").fill(lines)
    submit(page)
    page.locator("button[name=confirm]").click()
    page.wait_for_url("**done=enrolled*")


def join(site: Site, page: Page, address: str, *, invited_by: str) -> None:
    """Follow the link of the invitation, join by its button and say who one is."""
    mail = text_of(site.wait_for_mail(address))
    found = DOOR.search(mail)
    assert found, mail
    assert invited_by in mail
    page.goto(found.group(0))
    submit(page)
    page.wait_for_url("**/about-me/")
    page.locator("input[name=department]").fill("Environment")
    submit(page)
    page.wait_for_url(f"**/my/learning/{COHORT}/")


def complete_first_unit(page: Page) -> None:
    page.locator("main .path__title").first.click()
    submit(page)
    page.wait_for_url(f"**/my/learning/{COHORT}/")
    expect(page.locator("main .path__station--done")).to_have_count(1)


def hand_on(page: Page, leaver: Locator, name: str, address: str) -> None:
    """Give somebody's seat to a colleague."""
    leaver.locator("a[href$='/replace/']").click()
    page.locator("main input[name=name]").fill(name)
    page.locator("main input[name=email]").fill(address)
    submit(page)
    page.wait_for_url("**done=replaced")


# In the short run test_newsletter.py and test_joining.py have forms without scripts, in Arabic too.
@pytest.mark.parametrize(
    ("language", "javascript"),
    [
        pytest.param("en", True, id="scripts"),
        pytest.param("ar", False, id="arabic-no-scripts", marks=pytest.mark.long),
    ],
)
def test_a_team_is_approved_enrols_joins_learns_and_hands_over(
    site: Site, visit: Visit, language: str, javascript: bool
) -> None:
    mark = uuid4().hex[:8]
    own, leaves, follows = (f"{name}.{mark}@city.example" for name in ("aino", "hanae", "idris"))
    site.run(f"from tests.browser.occasions import newcomer; newcomer({own!r}, 'Aino Virtanen', {language!r})")
    coordinator, colleague, successor = (
        visit(language=language, width="phone", javascript=javascript).new_page() for _ in range(3)
    )

    sign_in(coordinator, own, language)
    ask_to_represent(coordinator, language)
    approve(signed_in(visit().new_page(), site, "admin@gkec.example"), own)
    assert site.wait_for_mail(own)["Content-Language"] == language

    enrol(coordinator, language, f"Hanae Alaoui <{leaves}>\nnonsense")
    expect(coordinator.locator("main table")).to_contain_text(leaves)
    join(site, colleague, leaves, invited_by="Aino Virtanen")
    complete_first_unit(colleague)
    coordinator.reload()
    row = coordinator.locator("main tbody tr").filter(has_text=leaves)
    expect(row).to_contain_text("Environment")
    expect(row.locator("td").nth(4)).to_have_text(re.compile(r"\D*1\D+10\D*"))
    must_fit(coordinator, colleague)

    hand_on(coordinator, row, "Idris Alaoui", follows)
    expect(row.locator("a")).to_have_count(0)
    join(site, successor, follows, invited_by="Aino Virtanen")
    # Whoever has left keeps the record, and reads nothing more with the team.
    colleague.goto(f"/{language}/my/learning/")
    expect(colleague.locator("main .event .ring")).to_contain_text("1")
    colleague.goto(f"/{language}/my/learning/{COHORT}/")
    assert "Hanae" not in colleague.locator("main").inner_text()
    must_fit(coordinator, colleague, successor)

    coordinator.reload()
    row = coordinator.locator("main tbody tr").filter(has_text=follows)
    row.locator("a[href$='/withdraw/']").click()
    submit(coordinator)
    coordinator.wait_for_url("**done=withdrawn")
    successor.reload()
    assert "Idris" not in successor.locator("main").inner_text()
