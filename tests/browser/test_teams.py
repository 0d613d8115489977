"""A coordinator enrols a colleague, who joins by mail, learns and is seen; on a phone, in Arabic, without scripts."""

import re
from collections.abc import Callable
from uuid import uuid4

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.site import PASSWORD, Site, text_of

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("devstack"), pytest.mark.timeout(300)]

Visit = Callable[..., BrowserContext]
COHORT = "climate-budgets-autumn"
DOOR = re.compile(r"https?://\S+/learn/[^\s/]+/")


def sign_in(page: Page, address: str, language: str) -> None:
    page.goto(f"/{language}/account/login/")
    page.locator("input[name=login]").fill(address)
    page.locator("input[name=password]").fill(PASSWORD)
    page.locator("input[name=password]").press("Enter")
    page.wait_for_url("**/my/")


def submit(page: Page) -> None:
    """Press the first button of the form that the page is about."""
    page.locator("main form[method=post] button").first.click()


def fits(page: Page) -> bool:
    """Tell whether nothing makes the page wider than its window."""
    return page.evaluate("document.documentElement.scrollWidth <= innerWidth")


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


@pytest.mark.parametrize(
    ("language", "javascript"), [("en", True), ("ar", False)], ids=["scripts", "arabic-no-scripts"]
)
def test_a_team_enrols_joins_learns_and_is_seen(site: Site, visit: Visit, language: str, javascript: bool) -> None:
    address = f"hanae.{uuid4().hex[:8]}@chefchaouen.example"
    coordinator = visit(language=language, width="phone", javascript=javascript).new_page()
    sign_in(coordinator, "coordinator@gkec.example", language)
    enrol(coordinator, language, f"Hanae Alaoui <{address}>\nnonsense")
    expect(coordinator.locator("main table")).to_contain_text(address)
    if javascript:
        assert fits(coordinator)

    mail = site.wait_for_mail(address)
    assert "Nour El Idrissi" in text_of(mail)
    found = DOOR.search(text_of(mail))
    assert found, text_of(mail)
    colleague = visit(language=language, width="phone", javascript=javascript).new_page()
    colleague.goto(found.group(0))
    submit(colleague)
    colleague.wait_for_url("**/about-me/")
    colleague.locator("input[name=department]").fill("Environment")
    submit(colleague)
    colleague.wait_for_url(f"**/my/learning/{COHORT}/")
    colleague.locator("main .path__title").first.click()
    submit(colleague)
    colleague.wait_for_url(f"**/my/learning/{COHORT}/")
    expect(colleague.locator("main .path__station--done")).to_have_count(1)
    if javascript:
        assert fits(colleague)

    coordinator.reload()
    row = coordinator.locator("main tbody tr").filter(has_text=address)
    expect(row).to_contain_text("Environment")
    expect(row).to_contain_text("10")
    row.locator("a[href$='/withdraw/']").click()
    submit(coordinator)
    coordinator.wait_for_url("**done=withdrawn")
    colleague.reload()
    assert "Hanae" not in colleague.locator("main").inner_text()
