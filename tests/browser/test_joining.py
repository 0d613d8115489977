"""People join from the link in their mail: looking counts nothing, the button leads into the meeting and counts."""

import re
from collections.abc import Callable
from uuid import uuid4

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.site import Site, text_of
from tests.services.browser import assert_accessible, assert_no_sideways_scroll

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("site"), pytest.mark.timeout(300)]

Visit = Callable[..., BrowserContext]
# Nobody answers there: what counts is that the browser is led to it.
MEETING = "https://meet.example.org/zones"
JOIN_LINK = re.compile(r"https?://\S+/join/[^\s/]+/")


def register(page: Page, address: str) -> None:
    page.locator("input[name=name]").fill("Ana Silva")
    page.locator("main input[name=email]").fill(address)
    page.locator("select[name=country]").select_option("CO")
    page.locator("input[name=organisation]").fill("Medellín")
    page.locator("select[name=organisation_type]").select_option("local-authority")
    page.locator("main form[method=post] button").first.click()
    page.wait_for_url("**/register/done/")


@pytest.mark.parametrize(("language", "javascript"), [("en", True), ("ar", False)], ids=["en", "ar-no-scripts"])
def test_the_button_leads_into_the_meeting_and_counts(
    site: Site, visit: Visit, language: str, javascript: bool
) -> None:
    mark = uuid4().hex[:8]
    site.run(
        "from tests.browser.occasions import webinar_about_to_start; "
        f"webinar_about_to_start('soon-{mark}', link={MEETING!r})"
    )
    address = f"ana.{mark}@example.org"
    page = visit(language=language, width="phone", javascript=javascript).new_page()
    page.goto(f"/{language}/events/soon-{mark}/register/")
    register(page, address)
    found = JOIN_LINK.search(text_of(site.wait_for_mail(address)))
    assert found

    page.goto(found.group(0))
    expect(page.locator("html")).to_have_attribute("lang", language)
    expect(page.locator("main")).to_contain_text("Ana S.")
    assert "Silva" not in page.content()
    assert MEETING not in page.content()
    if javascript:
        assert_accessible(page)
    assert_no_sideways_scroll(page)
    seen = f"from events.models import Attendance; print(Attendance.objects.filter(event__slug='soon-{mark}').count())"
    assert site.run(seen) == "0"

    with page.expect_event("requestfailed", lambda request: request.url == MEETING):
        page.locator("main form[method=post] button").click()
    assert site.run(seen) == "1"
