"""What staff have typed is asked about before its page is left, by Wagtail's own guard of forms."""

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Dialog, Page

from tests.browser.site import Site
from tests.browser.staff import press, signed_in

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("site"), pytest.mark.timeout(300)]

Visit = Callable[..., BrowserContext]
QUEUE, ELSEWHERE = "/admin/membership-requests/", "/admin/memberships/"


def asked_on(page: Page) -> list[str]:
    """Say yes to whatever the browser asks on this page, and return what it asked, as it goes on."""
    asked: list[str] = []

    def answer(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.accept()

    page.on("dialog", answer)
    return asked


def test_a_reason_is_asked_about_however_soon_after_loading_it_is_left(site: Site, visit: Visit) -> None:
    pk = site.run("from tests.factories import municipalities as make; print(make.coordinator(state='asked').pk)")
    page = signed_in(visit().new_page(), site, "admin@gkec.example")
    # The page's own timers stand still: this is the moment after loading, on a machine however busy.
    page.clock.install(time=0)
    page.clock.pause_at(1000)
    asked = asked_on(page)
    refusal = page.locator(f"#request-{pk} details:has([name=reason])")
    reason = refusal.locator("[name=reason]")

    def begin(words: str) -> None:
        page.goto(QUEUE)
        refusal.locator("summary").click()
        reason.press_sequentially(words)

    begin("Not")
    page.goto(ELSEWHERE)
    assert asked == ["beforeunload"]
    begin("x")
    reason.press("Backspace")
    page.goto(ELSEWHERE)
    assert asked == ["beforeunload"]
    begin("Not known there")
    press(page, refusal.locator("button"))
    assert asked == ["beforeunload"]
    said = site.run(
        "from municipalities.models import Membership\n"
        f"found = Membership.objects.get(pk={pk}); print(found.state, found.reason)"
    )
    assert said == "declined Not known there"
