"""The sign-ins that `make demo` prints open what they promise."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, expect

from gkec.devstack.stack import PASSWORD, PEOPLE
from tests.browser.site import Site

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("pages"), pytest.mark.timeout(300)]

EDITORS = {"admin", "editor", "moderator"}


@pytest.mark.parametrize("person", PEOPLE)
def test_whom_the_terminal_names_signs_in_with_the_password_it_prints(
    site: Site, visit: Callable[..., BrowserContext], person: str
) -> None:
    page = visit(javascript=False).new_page()
    page.goto("/en/account/login/")
    page.locator("main input[name=login]").fill(f"{person}@gkec.example")
    page.locator("main input[name=password]").fill(PASSWORD)
    page.locator("main input[name=password]").press("Enter")
    expect(page).to_have_url(re.compile("/my/$"))
    assert page.request.get("/admin/").status == (200 if person in EDITORS else 403)
