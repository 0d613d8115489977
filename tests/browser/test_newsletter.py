"""Somebody subscribes from the box on any page, confirms from the mail, chooses, and leaves; without scripts."""

import re
from collections.abc import Callable
from uuid import uuid4

import pytest
from playwright.sync_api import BrowserContext, expect

from tests.browser.site import Site, newsletter_link
from tests.services.browser import assert_accessible, assert_no_sideways_scroll

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("site"), pytest.mark.timeout(300)]

Visit = Callable[..., BrowserContext]


def state_of(site: Site, address: str) -> str:
    return site.run(
        "from newsletter.models import Subscriber\n"
        f"print(*Subscriber.objects.filter(email={address!r}).values_list('state', 'language').first() or ())"
    )


@pytest.mark.parametrize("language", ["en", "ar"])
def test_from_the_box_at_the_foot_of_a_page_to_the_subscription_and_out_again(
    site: Site, visit: Visit, language: str
) -> None:
    address = f"reader.{uuid4().hex[:8]}@example.org"
    page = visit(language=language, width="phone", javascript=False).new_page()
    page.goto(f"/{language}/learning/")
    page.locator("footer input[name=email]").fill(address)
    page.locator("footer form button").click()
    expect(page).to_have_url(re.compile(f"/{language}/news/subscribe/asked/$"))
    mail = site.wait_for_mail(address)
    assert mail["Content-Language"] == language
    assert state_of(site, address) == f"asked {language}"

    page.goto(newsletter_link(mail, "confirm"))
    assert_no_sideways_scroll(page)
    page.locator("main form[method=post] button").click()
    page.locator("main a.button").click()
    expect(page.locator("main select[name=language]")).to_have_value(language)
    expect(page.locator("main")).to_contain_text(address)
    assert state_of(site, address) == f"confirmed {language}"
    assert_no_sideways_scroll(page)
    page.locator("main select[name=language]").select_option("fr")
    page.locator("main input[name=interests]").first.check()
    page.locator("main form[method=post] button").click()
    expect(page.locator("html")).to_have_attribute("lang", "fr")
    expect(page.locator("main input[name=interests]").first).to_be_checked()

    page.locator("main a[href*='/news/unsubscribe/']").click()
    page.locator("main form[method=post] button").click()
    expect(page.locator("main a[href$='/news/subscribe/']")).to_be_visible()
    assert state_of(site, address) == "left fr"
    assert_no_sideways_scroll(page)


def test_the_archive_leads_to_an_issue_and_its_feed(site: Site, visit: Visit) -> None:
    page = visit(width="phone").new_page()
    page.goto("/en/news/")
    page.locator("main .card__title a", has_text="From plan to money").click()
    expect(page.locator("h1")).to_have_text("From plan to money")
    assert_accessible(page)
    assert_no_sideways_scroll(page)
    page.goto("/fr/news/")
    page.locator("main .card__title a", has_text="Du plan à l’argent").click()
    expect(page.locator("h1")).to_have_text("Du plan à l’argent")
    feed = page.request.get("/fr/news/feed/")
    assert (feed.status, "Du plan à l’argent" in feed.text()) == (200, True)
