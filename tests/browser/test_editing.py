"""An editor clones last month's webinar, dates it, publishes it, and brings it into French with wagtail-localize."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from core import clock
from tests.browser.site import Site
from tests.browser.staff import ask_for_translation, publish, signed_in, translate

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("site"), pytest.mark.timeout(300)]

Visit = Callable[..., BrowserContext]
TITLE = "Low-emission zones, one year on"
FRENCH_TITLE = "Zones à faibles émissions, un an après"
SLUG = "low-emission-zones-one-year-on"


def clone_and_publish(page: Page, source: str) -> None:
    """Clone a webinar, write what is different about the new one, and publish it."""
    page.goto(f"/admin/webinars/{source}/clone/")
    page.locator("input[name=title]").fill(TITLE)
    page.locator("main form button[type=submit]").first.click()
    page.wait_for_url("**/admin/pages/*/edit/**")
    starts_at = (clock.now() + timedelta(days=30)).strftime("%Y-%m-%d")
    page.get_by_role("tab", name="When and where").or_(page.get_by_role("tab", name="Quand et où")).click()
    page.locator("select[name=timezone]").select_option("America/Mexico_City")
    page.locator("input[name=starts_at]").fill(f"{starts_at} 09:00")
    page.locator("input[name=ends_at]").fill(f"{starts_at} 10:15")
    page.locator("input[name=join_link]").fill("https://meet.example.org/zones")
    page.keyboard.press("Escape")
    page.get_by_role("tab", name="Registration").or_(page.get_by_role("tab", name="Inscription")).click()
    page.locator("input[name=capacity]").fill("40")
    publish(page)


def test_an_editor_clones_dates_publishes_and_brings_it_into_french(site: Site, visit: Visit) -> None:
    source, french = site.run(
        "from events.models import WebinarPage\n"
        "from wagtail.models import Locale\n"
        "from core import clock\n"
        "past = WebinarPage.objects.filter(locale__language_code='en', ends_at__lt=clock.now())\n"
        "print(past.order_by('-ends_at').first().pk, Locale.objects.get(language_code='fr').pk)"
    ).split()
    page = signed_in(visit().new_page(), site, "editor@gkec.example")
    clone_and_publish(page, source)
    reader = visit(timezone="America/Mexico_City").new_page()
    answer = reader.goto(f"/en/events/{SLUG}/")
    assert answer is not None
    assert answer.status == 200
    expect(reader.locator("h1")).to_have_text(TITLE)
    expect(reader.locator("main")).to_contain_text("09:00")
    assert "meet.example.org" not in reader.content()

    new = site.run(f"from events.models import WebinarPage; print(WebinarPage.objects.get(slug='{SLUG}').pk)")
    ask_for_translation(page, new, french)
    # Nobody meets a French page in English words before the editor says so.
    answer = reader.goto(f"/fr/events/{SLUG}/")
    assert answer is not None
    assert answer.status == 404
    translate(page, {TITLE: FRENCH_TITLE})
    answer = reader.goto(f"/fr/events/{SLUG}/")
    assert answer is not None
    assert answer.status == 200
    expect(reader.locator("h1")).to_have_text(FRENCH_TITLE)
    expect(reader.locator("main a[href$='/register/']").first).to_be_visible()
    events = site.run(f"from events.models import Event; print(Event.objects.filter(slug='{SLUG}').count())")
    assert events == "1"
