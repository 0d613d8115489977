"""An issue's way: written, looked at, tested, translated, sent to its readers in their languages, and unsubscribed."""

import re
import time
from collections.abc import Callable
from email.message import EmailMessage
from uuid import uuid4

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.site import Site, text_of
from tests.browser.staff import ask_for_translation, publish, sign_in

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("site"), pytest.mark.timeout(300)]

Visit = Callable[..., BrowserContext]
EDITOR = "editor@gkec.example"
TITLE, FRENCH_TITLE = "Roofs that pay", "Des toits qui rapportent"
SUBJECT, FRENCH_SUBJECT = "Roofs that pay for themselves", "Des toits qui se paient tout seuls"
LEAD, FRENCH_LEAD = "Three cities put the sun on their schools.", "Trois villes mettent le soleil sur leurs écoles."
# Where nobody else reads the newsletter, so that the numbers are known.
COUNTRY = "IS"


def write(page: Page, section: str) -> None:
    """Write an issue with a lead and keep it as a draft."""
    page.goto(f"/admin/pages/add/newsletter/newsletterpage/{section}/")
    page.locator("#id_title").fill(TITLE)
    page.locator("#id_number").fill("4")
    page.locator("#id_subject").fill(SUBJECT)
    page.locator("[data-contentpath=body] .c-sf-add-button").first.click()
    page.locator(".w-combobox__option").first.click()
    page.locator("textarea[name=body-0-value-text]").fill(LEAD)
    page.locator("footer button.action-save").click()
    page.wait_for_url("**/edit/**")


def look_at(page: Page) -> None:
    """Look at the mail in the panel beside the editor: wide, on a phone and dark."""
    page.locator("button[aria-label][data-side-panel=preview], [data-side-panel-toggle=preview]").first.click()
    frame = page.frame_locator("#w-preview-iframe")
    page.locator("#id_preview_mode").select_option("mail")
    expect(frame.locator("body")).to_contain_text(LEAD)
    light = frame.locator("body").evaluate("body => getComputedStyle(body).backgroundColor")
    page.locator("#id_preview_mode").select_option("phone")
    phone = frame.frame_locator("iframe")
    expect(phone.locator("body")).to_contain_text(LEAD)
    assert phone.locator("body").evaluate("() => [innerWidth, document.documentElement.scrollWidth]") == [375, 375]
    page.locator("#id_preview_mode").select_option("dark")
    expect(frame.locator("body")).not_to_have_css("background-color", light)


def prepare(page: Page) -> str:
    """Prepare a campaign from the editor for the readers of one country; return its address."""
    page.locator("header [data-w-dropdown-target=toggle]").first.click()
    page.locator("a[href*='/campaigns/new/?issue=']").first.click()
    expect(page.locator("#id_issue option:checked")).to_contain_text(TITLE)
    page.locator("#id_countries").select_option(COUNTRY)
    page.locator("main form button[type=submit]").click()
    page.wait_for_url(re.compile(r"/campaigns/\d+/$"))
    return page.url


def send_test(page: Page) -> None:
    """Send a test to oneself: the address stands there already."""
    page.locator("main a[href$='/test/']").click()
    expect(page.locator("#id_to")).to_have_value(EDITOR)
    page.locator("main form button[type=submit]").click()
    page.wait_for_url(re.compile(r"/campaigns/\d+/$"))


def translate(page: Page, words: dict[str, str]) -> None:
    """Write the French of each of these words in wagtail-localize's editor, and publish."""
    for source, french in words.items():
        segment = page.locator("main li", has=page.get_by_role("button", name="Traduire", exact=True))
        segment.filter(has=page.get_by_text(source, exact=True)).get_by_role("button", name="Traduire").click()
        page.locator("main textarea").fill(french)
        page.get_by_role("button", name="Enregistrer", exact=True).click()
        expect(page.locator("main")).to_contain_text(french)
    page.locator("button[name=action][value=publish]").click()
    page.wait_for_load_state()


def start(page: Page) -> None:
    """Look at the count and at the samples of the dry run, then send."""
    rows = page.locator("main table tbody tr").all_inner_texts()
    assert [row.split() for row in rows] == [
        ["English", "English", "1"],
        ["français", "français", "1"],
        ["العربيّة", "English", "1"],
    ]
    page.locator("main form[action$='/start/'] button").click()
    expect(page.locator("main details h3")).to_have_text([SUBJECT, FRENCH_SUBJECT, *[SUBJECT] * 3])
    page.locator("main form[method=post] button").click()
    page.wait_for_url(re.compile(r"/campaigns/\d+/$"))


def wait_for_the_end(page: Page, *, seconds: float = 30) -> None:
    """Look again until the campaign has ended, as staff would."""
    deadline = time.monotonic() + seconds
    while page.locator("main form").count():
        assert time.monotonic() < deadline, page.locator("main").inner_text()
        page.reload()


def link(mail: EmailMessage, purpose: str) -> str:
    """Return the link of a mail to one of the subscriber's own pages."""
    found = re.search(rf"https?://[^\s\"<>]+/news/{purpose}/[^\s\"<>/]+/", text_of(mail))
    assert found, text_of(mail)
    return found.group()


def section_and_french(site: Site, readers: dict[str, str]) -> list[str]:
    """Subscribe the readers; return the ids of the section in English and of the French locale."""
    return site.run(
        "from tests.browser.occasions import newsletter_readers\n"
        "from newsletter.models import NewsletterIndexPage as Section\n"
        "from wagtail.models import Locale\n"
        f"newsletter_readers({readers!r}, {COUNTRY!r})\n"
        "print(Section.objects.get(locale__language_code='en').pk, Locale.objects.get(language_code='fr').pk)"
    ).split()


def unsubscribe(visit: Visit, mails: dict[str, EmailMessage]) -> None:
    """Leave by the visible link on a phone, and by the button of a mail program, which has no cookie."""
    reader = visit(language="fr", width="phone", javascript=False).new_page()
    reader.goto(link(mails["fr"], "unsubscribe"))
    expect(reader.locator("html")).to_have_attribute("lang", "fr")
    reader.locator("main form[method=post] button").click()
    expect(reader.locator("main form[method=post]")).to_have_count(0)
    assert mails["en"]["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    address = str(mails["en"]["List-Unsubscribe"]).strip("<>")
    answer = visit().request.post(address, form={"List-Unsubscribe": "One-Click"})
    assert (answer.status, answer.headers.get("set-cookie")) == (200, None)


def test_an_issue_is_written_tested_translated_sent_and_unsubscribed(site: Site, visit: Visit) -> None:
    mark = uuid4().hex[:8]
    readers = {language: f"{language}.{mark}@reykjavik.example" for language in ("en", "fr", "ar")}
    section, french = section_and_french(site, readers)
    page = visit().new_page()
    sign_in(page, EDITOR)
    write(page, section)
    editor = page.url
    look_at(page)
    campaign = prepare(page)
    # What is not published can be tested, and cannot be sent.
    expect(page.locator("main form[action$='/start/']")).to_have_count(0)
    send_test(page)
    assert LEAD in text_of(site.wait_for_mail(EDITOR, subject=f"Test: {SUBJECT}"))

    page.goto(editor)
    publish(page)
    translation = ask_for_translation(page, site, editor.split("/pages/")[1].split("/")[0], french)
    page.goto(f"/admin/pages/{translation}/edit/")
    translate(page, {TITLE: FRENCH_TITLE, SUBJECT: FRENCH_SUBJECT, LEAD: FRENCH_LEAD})

    page.goto(campaign)
    start(page)
    mails = {language: site.wait_for_mail(address) for language, address in readers.items()}
    subjects = {language: mail["Subject"] for language, mail in mails.items()}
    assert subjects == {"en": SUBJECT, "fr": FRENCH_SUBJECT, "ar": SUBJECT}
    assert FRENCH_LEAD in text_of(mails["fr"])
    wait_for_the_end(page)
    expect(page.locator("main tfoot td")).to_have_text("3 = 3 + 0 + 0 + 0 + 0 + 0")

    unsubscribe(visit, mails)
    left = site.run(
        "from newsletter.models import Subscriber\n"
        f"for one in Subscriber.objects.filter(country={COUNTRY!r}).order_by('language'):\n"
        "    print(one.language, one.state, one.left_why or '-')"
    )
    assert left.splitlines() == ["ar confirmed -", "en left one-click", "fr left link"]
