"""What staff do in Wagtail's admin, as a browser does it.

A page of the admin takes seconds to start its scripts, so none is opened twice, and none is waited for that is left.
"""

import json
import re

from playwright.sync_api import Locator, Page, expect

from tests.browser.site import Site

# The admin speaks English until its person has signed in by the form, then their own language.
BEGIN, KEEP = re.compile("^(Translate|Traduire)$"), re.compile("^(Save|Enregistrer)$")


def signed_in(page: Page, site: Site, address: str) -> Page:
    """Return the page of somebody who has signed in; the forms for that have tests of their own."""
    cookie = json.loads(site.run(f"from tests.browser.occasions import cookie_of; print(cookie_of({address!r}))"))
    page.context.add_cookies([{**cookie, "url": site.url}])
    return page


def press(page: Page, button: Locator) -> None:
    """Press a button that saves and leads to another page; return when the server has answered with that."""
    with page.expect_navigation(wait_until="commit"):
        button.click()


def publish(page: Page) -> None:
    """Press "Publish" in Wagtail's editor, which hides it behind the menu of the footer."""
    button = page.locator("button[name=action-publish]")
    if not button.is_visible():
        page.locator("footer [data-w-dropdown-target=toggle]").first.click()
    press(page, button)
    # The list of pages; a refusal would show the editor again.
    expect(page).not_to_have_url(re.compile("/edit/"))


def ask_for_translation(page: Page, pk: str, locale: str) -> None:
    """Submit a page to wagtail-localize, which leads to the editor of the translation."""
    page.goto(f"/admin/localize/submit/page/{pk}/")
    page.locator(f"input[name=locales][value='{locale}']").check(force=True)
    page.locator("main form button[type=submit], main form input[type=submit]").first.click()
    page.wait_for_url(re.compile(rf"/admin/pages/(?!{pk}/)\d+/edit/"))


def translate(page: Page, words: dict[str, str]) -> None:
    """Write what stands for each of these words in wagtail-localize's editor, and publish."""
    for source, translated in words.items():
        segment = page.locator("main li", has=page.get_by_role("button", name=BEGIN))
        segment.filter(has=page.get_by_text(source, exact=True)).get_by_role("button", name=BEGIN).click()
        page.locator("main textarea").fill(translated)
        # The editor shows the words before the server has them; published by then, the page would lack them.
        with page.expect_response(lambda answer: answer.request.method == "PUT" and answer.ok):
            page.get_by_role("button", name=KEEP).click()
        expect(page.locator("main")).to_contain_text(translated)
    press(page, page.locator("button[name=action][value=publish]"))
