"""Teams of cities in a real browser: approved by staff and by a coordinator, declined with a reason, handed over.

The way from asking on is walked in tests/browser/test_teams.py.
"""

from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import BrowserContext, Page, expect

from municipalities.models import Membership
from tests.factories import municipalities as make
from tests.factories.accounts import PersonFactory, editor, sign_in
from tests.services.browser import assert_accessible, assert_no_sideways_scroll

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

Open = Callable[..., BrowserContext]


@pytest.fixture
def visitor(new_context: Open, live_server: Any) -> Callable[..., Page]:
    """Open a page as somebody who is signed in: `visitor(person, language="ar", width="phone", javascript=False)`."""

    def open_page(person, **options) -> Page:
        context = new_context(**options)
        session = sign_in(Client(), person).cookies[settings.SESSION_COOKIE_NAME].value
        context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": live_server.url}])
        return context.new_page()

    return open_page


@pytest.mark.parametrize(("language", "width"), [("en", "desktop"), ("ar", "phone")])
def test_a_team_with_everything_unfolded_is_accessible_and_fits(visitor, language, width):
    coordinator = make.coordinator(person=PersonFactory(display_name="Ana Silva"), department="Klimat")
    city = coordinator.local_government
    for state in ("asked", "approved"):
        make.membership(local_government=city, state=state, department="Trafikkontoret, planering och hållbarhet")
    page = visitor(coordinator.person, language=language, width=width)
    page.goto(f"/{language}/my/cities/")
    folds = page.locator("main details summary").all()
    # Declining, handing over and leaving.
    assert len(folds) >= 3
    for fold in folds:
        fold.click()
    assert_accessible(page)
    assert_no_sideways_scroll(page)


@pytest.mark.parametrize("javascript", [True, False], ids=["scripts", "no-scripts"])
def test_a_refused_reason_stands_unfolded_at_its_field(visitor, javascript):
    coordinator = make.coordinator()
    asking = make.membership(local_government=coordinator.local_government, state="asked")
    page = visitor(coordinator.person, language="ar", width="phone", javascript=javascript)
    page.goto("/ar/my/cities/")
    field, fold = page.locator(f"#reason-{asking.pk}"), page.locator(f"#membership-{asking.pk} details")
    fold.locator("summary").click()
    field.fill("   ")
    fold.locator("button").click()
    expect(page.locator(".errors")).to_be_visible()
    expect(field).to_be_visible()
    page.locator(".errors a").click()
    expect(field).to_be_focused()
    assert_no_sideways_scroll(page)
    if javascript:
        assert_accessible(page)


def test_staff_decide_in_the_queue_by_keyboard_alone(visitor):
    asked = [make.coordinator(state="asked", person=PersonFactory(display_name=name)) for name in ("Ana", "Bo")]
    page = visitor(editor())
    page.goto("/admin/membership-requests/")
    expect(page.locator(".sidebar")).to_contain_text("City requests (2)")
    page.locator(f"#request-{asked[0].pk} button[type=submit]").first.focus()
    page.keyboard.press("Enter")
    expect(page.locator(f"#request-{asked[0].pk}")).to_have_count(0)
    page.locator(f"#request-{asked[1].pk} summary").last.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.type("We could not reach the city")
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_contain_text("Nothing waits for a decision.")
    states = list(Membership.objects.order_by("pk").values_list("state", "reason"))
    assert states == [("approved", ""), ("declined", "We could not reach the city")]


@pytest.mark.parametrize("javascript", [True, False], ids=["scripts", "no-scripts"])
def test_a_coordinator_approves_a_colleague_and_hands_over(visitor, javascript):
    coordinator = make.coordinator()
    colleague = make.membership(local_government=coordinator.local_government, state="asked")
    page = visitor(coordinator.person, javascript=javascript, width="phone")
    page.goto("/en/my/cities/")
    page.get_by_role("button", name="Approve").click()
    expect(page.locator(".message--success")).to_contain_text("Your colleague belongs to the team now.")
    page.locator("summary", has_text="Make coordinator").click()
    page.get_by_role("button", name="Make coordinator").click()
    expect(page.locator(".message--success")).to_contain_text("Your colleague coordinates the team now")
    page.locator("summary", has_text="Leave this team").click()
    page.get_by_role("button", name="Leave this team").click()
    expect(page.locator("main")).to_contain_text("Ended")
    colleague.refresh_from_db()
    coordinator.refresh_from_db()
    assert (colleague.role, coordinator.state) == ("coordinator", "ended")
