"""An editor clones last month's webinar, dates it, publishes it, and brings it into French with wagtail-localize."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import BrowserContext, expect

from core import clock
from tests.browser.site import Site
from tests.browser.staff import ask_for_translation, publish, sign_in

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("site"), pytest.mark.timeout(300)]

Visit = Callable[..., BrowserContext]
TITLE = "Low-emission zones, one year on"
FRENCH_TITLE = "Zones à faibles émissions, un an après"
SLUG = "low-emission-zones-one-year-on"


def test_an_editor_clones_dates_and_publishes(site: Site, visit: Visit) -> None:
    page = visit().new_page()
    sign_in(page, "editor@gkec.example")
    source = site.run(
        "from events.models import WebinarPage\n"
        "from core import clock\n"
        "past = WebinarPage.objects.filter(locale__language_code='en', ends_at__lt=clock.now())\n"
        "print(past.order_by('-ends_at').first().pk)"
    )

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

    reader = visit(timezone="America/Mexico_City").new_page()
    answer = reader.goto(f"/en/events/{SLUG}/")
    assert answer is not None
    assert answer.status == 200
    expect(reader.locator("h1")).to_have_text(TITLE)
    expect(reader.locator("main")).to_contain_text("09:00")
    assert "meet.example.org" not in reader.content()


def test_an_editor_brings_the_new_webinar_into_french(site: Site, visit: Visit) -> None:
    page = visit().new_page()
    sign_in(page, "editor@gkec.example")
    reader = visit(timezone="America/Mexico_City").new_page()
    new, french = site.run(
        "from events.models import WebinarPage; from wagtail.models import Locale; "
        f"print(WebinarPage.objects.get(slug='{SLUG}').pk, Locale.objects.get(language_code='fr').pk)"
    ).split()
    translated = ask_for_translation(page, site, new, french)
    # Nobody meets a French page in English words before the editor says so.
    answer = reader.goto(f"/fr/events/{SLUG}/")
    assert answer is not None
    assert answer.status == 404
    page.goto(f"/admin/pages/{translated}/edit/")
    page.get_by_role("button", name="Traduire", exact=True).first.click()
    page.locator("main textarea").first.fill(FRENCH_TITLE)
    page.get_by_role("button", name="Enregistrer", exact=True).first.click()
    expect(page.locator("main")).to_contain_text(FRENCH_TITLE)
    page.locator("button[name=action][value=publish]").click()
    page.wait_for_load_state()

    answer = reader.goto(f"/fr/events/{SLUG}/")
    assert answer is not None
    assert answer.status == 200
    expect(reader.locator("h1")).to_have_text(FRENCH_TITLE)
    expect(reader.locator("main a[href$='/register/']").first).to_be_visible()
    events = site.run(f"from events.models import Event; print(Event.objects.filter(slug='{SLUG}').count())")
    assert events == "1"
