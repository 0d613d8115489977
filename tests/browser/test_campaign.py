"""An issue's way: written, looked at, tested, translated into Arabic, sent, read and unsubscribed in each language."""

import re
from collections.abc import Callable
from email.message import EmailMessage
from uuid import uuid4

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.site import Site, newsletter_link, part, text_of
from tests.browser.staff import ask_for_translation, press, publish, signed_in, translate
from tests.services.browser import assert_no_sideways_scroll

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("site"), pytest.mark.timeout(300)]

Visit = Callable[..., BrowserContext]
EDITOR = "editor@gkec.example"
TITLE, ARABIC_TITLE = "Roofs that pay", "أسطح تدرّ دخلاً"
SUBJECT, ARABIC_SUBJECT = "Roofs that pay for themselves", "أسطح تغطّي تكلفتها بنفسها"
LEAD, ARABIC_LEAD = "Three cities put the sun on their schools.", "ثلاث مدن تضع الشمس على أسطح مدارسها."
# What each reader gets: the French one English, since nobody has written the issue in French.
WORDS = {
    "en": (SUBJECT, TITLE, LEAD, "ltr"),
    "fr": (SUBJECT, TITLE, LEAD, "ltr"),
    "ar": (ARABIC_SUBJECT, ARABIC_TITLE, ARABIC_LEAD, "rtl"),
}
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


def prepare(editor: Page) -> Page:
    """Prepare a campaign for the readers of one country, beside the editor; return its page."""
    editor.locator("header [data-w-dropdown-target=toggle]").first.click()
    with editor.context.expect_page() as opened:
        editor.locator("a[href*='/campaigns/new/?issue=']").first.click(modifiers=["ControlOrMeta"])
    page = opened.value
    expect(page.locator("#id_issue option:checked")).to_contain_text(TITLE)
    page.locator("#id_countries").select_option(COUNTRY)
    page.locator("main form button[type=submit]").click()
    page.wait_for_url(re.compile(r"/campaigns/\d+/$"))
    return page


def send_test(page: Page) -> None:
    """Send a test to oneself: the address stands there already."""
    page.locator("main a[href$='/test/']").click()
    expect(page.locator("#id_to")).to_have_value(EDITOR)
    page.locator("main form button[type=submit]").click()
    page.wait_for_url(re.compile(r"/campaigns/\d+/$"))


def start(page: Page) -> None:
    """Look at the count and at the samples of the dry run, then send."""
    rows = page.locator("main table tbody tr").all_inner_texts()
    assert [row.split() for row in rows] == [
        ["English", "English", "1"],
        ["français", "English", "1"],
        ["العربيّة", "العربيّة", "1"],
    ]
    page.locator("main form[action$='/start/'] button").click()
    expect(page.locator("main details h3")).to_have_text([SUBJECT, SUBJECT, ARABIC_SUBJECT])
    press(page, page.locator("main form[method=post] button"))
    expect(page).to_have_url(re.compile(r"/campaigns/\d+/$"))


def look_at_the_end(page: Page, site: Site) -> None:
    """Look again once the campaign has ended."""
    campaign = page.url.rstrip("/").rpartition("/")[2]
    ended = f"Campaign.objects.filter(pk={campaign}, finished_at__isnull=False).exists()"
    site.wait_until(f"from newsletter.models import Campaign; print({ended} or '')", seconds=30)
    page.reload()
    expect(page.locator("main form")).to_have_count(0)


def section_and_arabic(site: Site, readers: dict[str, str]) -> list[str]:
    """Subscribe the readers; return the ids of the section in English and of the Arabic locale."""
    return site.run(
        "from tests.browser.occasions import newsletter_readers\n"
        "from newsletter.models import NewsletterIndexPage as Section\n"
        "from wagtail.models import Locale\n"
        f"newsletter_readers({readers!r}, {COUNTRY!r})\n"
        "print(Section.objects.get(locale__language_code='en').pk, Locale.objects.get(language_code='ar').pk)"
    ).split()


def states(site: Site) -> list[str]:
    """Return what has become of the readers."""
    return site.run(
        "from newsletter.models import Subscriber\n"
        f"for one in Subscriber.objects.filter(country={COUNTRY!r}).order_by('language'):\n"
        "    print(one.language, one.state, one.left_why or '-')"
    ).splitlines()


def check_mail(mail: EmailMessage, language: str) -> None:
    """Fail unless a reader got the words that they should, in a frame of their own language."""
    subject, title, lead, direction = WORDS[language]
    html = str(part(mail, "text/html").get_content())
    assert (mail["Subject"], mail["Content-Language"]) == (subject, language)
    assert lead in text_of(mail)
    spoken = "ar" if direction == "rtl" else "en"
    assert re.search(rf'lang="{spoken}" dir="{direction}" style="[^"]*">{title}</h1>', html), html
    assert re.search(rf'<html[^>]* lang="{language}" dir="{"rtl" if language == "ar" else "ltr"}"', html), html


def read_and_leave(reader: Page, mail: EmailMessage, language: str) -> None:
    """Read the issue on the web, on a phone, from the link of the mail, and unsubscribe by the visible link."""
    _subject, title, lead, direction = WORDS[language]
    archived = re.search(rf"https?://[^\s<>]+/{language}/news/[\w-]+/(?!\S)", text_of(mail))
    assert archived, text_of(mail)
    reader.goto(archived.group())
    expect(reader.locator("html")).to_have_attribute("lang", language)
    expect(reader.locator("html")).to_have_attribute("dir", direction)
    expect(reader.locator("h1")).to_have_text(title)
    expect(reader.locator("main")).to_contain_text(lead)
    assert_no_sideways_scroll(reader)
    reader.goto(newsletter_link(mail, "unsubscribe"))
    expect(reader.locator("html")).to_have_attribute("lang", language)
    assert_no_sideways_scroll(reader)
    reader.locator("main form[method=post] button").click()
    expect(reader.locator("main form[method=post]")).to_have_count(0)
    expect(reader.locator("html")).to_have_attribute("dir", direction)


def leave_by_mail_program(client: BrowserContext, mail: EmailMessage) -> None:
    """Unsubscribe as the button of a mail program does, which has no cookie."""
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    answer = client.request.post(str(mail["List-Unsubscribe"]).strip("<>"), form={"List-Unsubscribe": "One-Click"})
    assert (answer.status, answer.headers.get("set-cookie")) == (200, None)


def test_an_issue_is_written_tested_translated_sent_read_and_unsubscribed(site: Site, visit: Visit) -> None:
    mark = uuid4().hex[:8]
    readers = {language: f"{language}.{mark}@reykjavik.example" for language in WORDS}
    section, arabic = section_and_arabic(site, readers)
    editor = signed_in(visit().new_page(), site, EDITOR)
    write(editor, section)
    look_at(editor)
    page = prepare(editor)
    # What is not published can be tested, and cannot be sent.
    expect(page.locator("main form[action$='/start/']")).to_have_count(0)
    send_test(page)
    assert LEAD in text_of(site.wait_for_mail(EDITOR, subject=f"Test: {SUBJECT}"))

    issue = editor.url.split("/pages/")[1].split("/")[0]
    publish(editor)
    ask_for_translation(editor, issue, arabic)
    translate(editor, {TITLE: ARABIC_TITLE, SUBJECT: ARABIC_SUBJECT, LEAD: ARABIC_LEAD})

    page.reload()
    start(page)
    mails = {language: site.wait_for_mail(address) for language, address in readers.items()}
    for language, mail in mails.items():
        check_mail(mail, language)
    look_at_the_end(page, site)
    expect(page.locator("main tfoot td")).to_have_text("3 = 3 + 0 + 0 + 0 + 0 + 0")

    for language in ("ar", "en"):
        reader = visit(language=language, width="phone", javascript=False).new_page()
        read_and_leave(reader, mails[language], language)
        assert f"{language} left link" in states(site)
    assert "fr confirmed -" in states(site)
    leave_by_mail_program(visit(), mails["fr"])
    assert states(site) == ["ar left link", "en left link", "fr left one-click"]
