"""An issue as a mail: each block's form in HTML and in plain text, languages, and what editors type."""

import re
from datetime import date
from io import BytesIO

import pytest
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.files.images import ImageFile
from django.test import override_settings
from django.utils import translation
from PIL import Image
from wagtail.models import Page, PageViewRestriction
from wagtail.rich_text import RichText

from core.models import Picture
from learning.services import call_off_cohort
from mail import rendering as mails
from mail import slots
from mail.mime import Content
from newsletter import mailtext, previews, rendering
from newsletter.blocks import MAIL_BLOCKS
from newsletter.models import NewsletterPage
from tests.factories import core, events, learning
from tests.factories import newsletter as make

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _base():
    with override_settings(BASE_URL="https://gkec.example"):
        yield


@pytest.fixture
def cohorts():
    """Make one cohort that can be joined, and one that is called off."""
    learning.public_cohort(
        name="Spring, heat",
        slug="spring",
        course=learning.bare_course(title="Heat planning"),
        starts_on=date(2099, 5, 3),
    )
    call_off_cohort(cohort_id=learning.public_cohort(name="Never").pk)


@pytest.fixture
def picture(settings, tmp_path) -> Picture:
    settings.MEDIA_ROOT = tmp_path
    content = BytesIO()
    Image.new("RGB", (1600, 900), "#0b6b4f").save(content, "PNG")
    file = ImageFile(ContentFile(content.getvalue()), name="roof.png")
    return Picture.objects.create(title="Roof", file=file, credit="City of Lahti")


def written(page: NewsletterPage, language: str = "en") -> Content:
    with translation.override(language):
        found = rendering.write(page, language)
        own = {"unsubscribe_url": "https://gkec.example/u", "preferences_url": "https://gkec.example/p"}
        return mails.written(type(found)(found.subject, found.template, {**found.context, **own}), language=language)


def words(html: str) -> str:
    """Return what is read of the body, without tags."""
    body = re.sub(r"<(style|title)>.*?</\1>|<!--.*?-->", " ", html, flags=re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", body).split())


def test_every_block_is_in_both_forms(cohorts):
    root = core.site_root()
    make.section(root)
    events.section(root)
    page = make.issue(title="Heat", subject="Heat for all", preheader="What it costs", summary="")
    other = make.issue(title="An older issue", search_description="About ice.")
    events.event(title="Webinar on pipes", starts_at=events.in_days(400))
    page.body = [
        ("lead", {"text": "Three cities dig."}),
        (
            "text",
            {"heading": "Pipes", "text": '<p>See <a href="/en/x/?a=1&amp;b=2">the plan</a>.</p><ul><li>One</li></ul>'},
        ),
        ("cards", {"heading": "To read", "pages": [{"page": other, "text": ""}]}),
        ("coming_events", {"heading": "Soon", "count": 2}),
        ("open_cohorts", {"heading": "Learn", "count": 1}),
        ("call_to_action", {"text": "Bring a colleague.", "label": "Enrol", "page": None, "url": "https://x.example/"}),
    ]
    content = written(page)
    assert content.subject == "Heat for all"
    day = events.in_days(400)
    when = f"{day.day} {day:%B} {day.year}"
    for said in (
        "Heat",
        "Three cities dig.",
        "Pipes",
        "the plan",
        "One",
        "To read",
        "An older issue",
        "About ice.",
        "Soon",
        "Webinar on pipes",
        when,
        "Learn",
        "Heat planning",
        "Spring, heat",
        "3–30 May 2099",
        "Bring a colleague.",
        "Enrol",
    ):
        assert said in words(content.html), said
        assert said.replace(",", "") in content.text.replace(",", ""), said
    for address in (
        "https://gkec.example/en/news/",
        "https://gkec.example/en/learning/cohorts/spring/",
        "https://x.example/",
        "https://gkec.example/u",
        "https://gkec.example/p",
    ):
        assert f'href="{address}' in content.html, address
        assert address in content.text, address
    assert 'href="https://gkec.example/en/x/?a=1&amp;b=2"' in content.html
    assert "the plan (https://gkec.example/en/x/?a=1&b=2)" in content.text
    assert "What it costs" in content.html


def test_what_is_empty_is_left_out():
    page = make.issue()
    page.body = [
        ("lead", {"text": "Only this."}),
        ("coming_events", {"heading": "Soon", "count": 2}),
        ("open_cohorts", {"heading": "Learn", "count": 1}),
    ]
    content = written(page)
    assert "Only this." in content.text
    assert ("Soon" in content.text, "Learn" in content.html) == (False, False)


def test_words_typed_by_editors_stay_words():
    page = make.issue(title="<b>x</b> & ]]>")
    page.body = [("lead", {"text": '<mj-raw><script>alert(1)</script></mj-raw> {{ title }} "\x07'})]
    html = written(page).html
    assert "<script" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    assert "{{ title }}" in html


@pytest.mark.parametrize(
    ("source", "html", "plain"),
    [
        ("<p>a<br>b</p>", '<p dir="auto" style="margin:0 0 12px">a<br />b</p>', "a\nb"),
        ("<p>a &nbsp;&lt; b</p>", '<p dir="auto" style="margin:0 0 12px">a \xa0&lt; b</p>', "a < b"),
        ("<p><b><i>x</b></i></p>", '<p dir="auto" style="margin:0 0 12px"><b><i>x</i></b></p>', "x"),
        ("<ol><li>a</li><li>b</li></ol>", '<ol><li dir="auto">a</li><li dir="auto">b</li></ol>', "- a\n\n- b"),
        (
            "<p>open<ul><li>x",
            '<p dir="auto" style="margin:0 0 12px">open<ul><li dir="auto">x</li></ul></p>',
            "open\n\n- x",
        ),
        ('<img src="x" onerror="y">z<script>no()</script>', "zno()", "zno()"),
        ("</p>x", "x", "x"),
    ],
)
def test_rich_text_becomes_well_formed_whatever_it_was(source, html, plain):
    assert mailtext.html(RichText(source)) == html
    assert mailtext.plain(RichText(source)) == plain


def test_a_link_that_would_run_something_leads_nowhere():
    for address in ("javascript:alert(1)", "data:text/html,x"):
        assert "href" not in mailtext.html(RichText(f'<p><a href="{address}">x</a></p>'))
        assert mailtext.plain(RichText(f'<p><a href="{address}">x</a></p>')) == "x"


def test_a_page_of_another_language_says_which_and_the_mail_around_it_is_the_readers():
    page = make.issue(title="Heat")
    content = written(page, "ar")
    assert 'lang="en" dir="ltr" style="text-align:left">Heat</h1>' in content.html
    assert '<html lang="ar" dir="rtl"' in content.html


def test_each_text_of_a_card_and_each_button_says_its_language():
    own, described = (make.issue(title=title) for title in ("Ours", "Theirs"))
    french = make.translated(described, "fr", title="Le leur", search_description="De la chaleur.")
    page = make.issue(
        body=[
            ("cards", {"heading": "", "pages": [{"page": own, "text": "In English."}, {"page": french, "text": ""}]}),
            ("call_to_action", {"text": "Come", "label": "Enrol", "page": None, "url": "https://x.example/"}),
        ]
    )
    html = written(page, "ar").html
    for passage in (
        '<p lang="en" dir="ltr" style="text-align:left">In English.</p>',
        '<p lang="fr" dir="ltr" style="text-align:left">De la chaleur.</p>',
        '<span lang="en" dir="ltr">Enrol</span>',
    ):
        assert passage in html, passage


@pytest.mark.parametrize("mode", ["mail", "phone", "dark"])
def test_a_preview_shows_pictures_of_the_site_and_of_the_bucket_and_nothing_else(settings, mode):
    settings.MEDIA_ORIGINS = ["https://media.example"]
    policy = previews.response(make.issue(), mode)["Content-Security-Policy"]
    assert policy == (
        "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' https://gkec.example https://media.example data:;"
        " frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
    )


def test_it_is_written_once_and_filled_for_each_reader():
    context = rendering.write(make.issue(), "en").context
    assert set(context).isdisjoint(slots.NAMES)


# Wagtail leaves the temporary file of a rendition to the garbage collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_picture_comes_as_jpeg_with_whole_address_words_and_source(picture):
    page = make.issue()
    page.body = [("picture", {"image": picture, "alt": "Panels on a roof", "caption": "Paid back in six years."})]
    content = written(page)
    assert re.search(r'src="https://gkec\.example/media/images/[^"]+\.jpg"', content.html)
    assert 'alt="Panels on a roof"' in content.html
    assert "Paid back in six years. Source: City of Lahti" in words(content.html)
    for said in ("[Panels on a roof]", "Paid back in six years.", "Source: City of Lahti"):
        assert said in re.sub("[\u2068\u2069]", "", content.text), said


def test_a_picture_that_is_gone_is_left_out():
    page = make.issue()
    page.body = [("lead", {"text": "Words."}), ("picture", {"image": None, "alt": "", "caption": "Lost."})]
    assert "Lost." not in written(page).text


def test_an_issue_that_is_not_published_has_no_address_on_the_web():
    page = make.issue(live=False)
    assert "Read this issue on the web" not in written(page).text


def test_an_issue_has_an_address_on_the_web_only_while_everybody_can_read_it():
    page = make.issue()
    sentence = "Read this issue on the web"
    assert sentence in written(page).text
    PageViewRestriction.objects.create(page=page.get_parent(), restriction_type=PageViewRestriction.LOGIN)
    content = written(page)
    assert (sentence in content.text, sentence in content.html) == (False, False)


def test_a_card_of_a_page_that_is_not_for_everybody_is_in_neither_mail_nor_archive(client):
    secret = make.issue(title="Secret", search_description="For partners")
    PageViewRestriction.objects.create(page=secret, restriction_type=PageViewRestriction.LOGIN)
    public = make.issue(title="Public")
    cards = [{"page": secret, "text": ""}, {"page": public, "text": ""}]
    page = make.issue(body=[("cards", {"heading": "To read", "pages": cards})])
    part = rendering.write(page, "en").context["parts"][0]["said"]
    assert [card["title"] for card in part["cards"]] == ["Public"]
    shown = client.get(page.get_url()).content.decode()
    assert ("Public" in shown, "Secret" in shown, "For partners" in shown) == (True, False, False)


def test_words_of_an_arabic_issue_that_are_not_translated_run_from_the_left():
    page = make.translated(make.issue(), "ar", title="الحرارة")
    page.body = [
        ("lead", {"text": "Nobody else asked."}),
        ("text", {"heading": "Why?", "text": "<p>Nobody was asked.</p><ul><li>One.</li></ul>"}),
        ("call_to_action", {"text": "Come.", "label": "Enrol", "page": None, "url": "https://x.example/"}),
    ]
    html = written(page, "ar").html
    for passage in (
        '<p lang="ar" dir="auto" style="text-align:right">Nobody else asked.</p>',
        '<h2 lang="ar" dir="auto" style="text-align:right">Why?</h2>',
        '<p dir="auto" style="margin:0 0 12px">Nobody was asked.</p>',
        '<li dir="auto">One.</li>',
        '<p lang="ar" dir="auto" style="text-align:right">Come.</p>',
    ):
        assert passage in html, passage


def test_titles_of_cards_events_and_cohorts_begin_where_their_language_does(cohorts):
    root = core.site_root()
    make.section(root)
    events.section(root)
    events.event(title="Webinar on pipes", starts_at=events.in_days(400))
    page = make.issue(
        body=[
            ("cards", {"heading": "", "pages": [{"page": make.issue(title="Older"), "text": ""}]}),
            ("coming_events", {"heading": "Soon", "count": 1}),
            ("open_cohorts", {"heading": "Learn", "count": 1}),
        ]
    )
    html = written(page, "ar").html
    for title in ("Older", "Webinar on pipes", "Heat planning"):
        passage = rf'<p dir="ltr" style="text-align:left"><a href="[^"]+" lang="en" dir="ltr"><strong>{title}[^<]*</strong></a></p>'
        assert re.search(passage, html), title
    # What is said of an event or a cohort stands beneath its title, in the words of the reader's language.
    assert len(re.findall(r'</a></p><p style="text-align:left">[^<]', html)) == 2


def test_both_forms_say_of_which_kind_an_event_is():
    root = core.site_root()
    make.section(root)
    events.section(root)
    event = events.event(title="Pipes", starts_at=events.in_days(400))
    content = written(make.issue(body=[("coming_events", {"heading": "Soon", "count": 1})]))
    kind, day = event.format.label, events.in_days(400)
    for form in (words(content.html), re.sub("[\u2068\u2069]", "", content.text)):
        assert re.search(rf"Pipes\s+{kind} · \w+,? {day.day} {day:%B} {day.year}", form), form


def test_a_lead_that_is_too_long_is_refused_and_never_cut():
    [lead] = [block for name, block in MAIL_BLOCKS if name == "lead"]
    with pytest.raises(ValidationError) as refused:
        lead.clean(lead.to_python({"text": "x" * 601}))
    [problem] = refused.value.block_errors["text"].messages
    assert problem == "Ensure this value has at most 600 characters (it has 601)."
    assert lead.clean(lead.to_python({"text": "x" * 600}))["text"] == "x" * 600
    assert "maxlength" not in lead.child_blocks["text"].field.widget.attrs


def test_a_call_to_a_page_that_is_not_for_everybody_is_in_neither_mail_nor_archive(client):
    root = core.site_root()
    make.section(root)
    partners, public = core.child(root, "partners"), core.child(root, "open")
    PageViewRestriction.objects.create(page=partners, restriction_type=PageViewRestriction.PASSWORD, password="x")
    # What lies below a restricted page is as closed as the page itself.
    below = make.issue(parent=partners)
    calls = [
        {"text": "Come", "label": f"To {page.slug}", "page": page, "url": ""} for page in (partners, below, public)
    ]
    page = make.issue(body=[("call_to_action", call) for call in calls])
    said = [part["said"] for part in rendering.write(page, "en").context["parts"]]
    assert said == [{"text": "Come", "label": "To open", "url": "https://gkec.example/en/open/"}]
    shown = client.get(page.get_url()).content.decode()
    assert ("To open" in shown, "To partners" in shown, f"To {below.slug}" in shown) == (True, False, False)


def test_a_link_that_leads_nowhere_keeps_its_words_alone():
    gone = '<a linktype="page" id="987654321">a page</a>'
    lost = '<a linktype="document" id="987654321">a file</a>'
    text = RichText(f'<p>See {gone}, {lost}, <a href="#here">here</a>, <a>bare</a>.</p>')
    assert mailtext.html(text) == '<p dir="auto" style="margin:0 0 12px">See a page, a file, here, bare.</p>'
    assert mailtext.plain(text) == "See a page, a file, here, bare."


def test_a_cohort_of_a_course_that_is_not_for_everybody_is_in_neither_mail_nor_archive(client):
    hidden = learning.public_cohort(name="Partners only")
    course = Page.objects.get(translation_key=hidden.course.translation_key)
    PageViewRestriction.objects.create(page=course, restriction_type=PageViewRestriction.LOGIN)
    shown = learning.public_cohort(name="Everybody")
    page = make.issue(body=[("open_cohorts", {"heading": "Learn", "count": 2})])
    [part] = rendering.write(page, "en").context["parts"]
    assert [one["title"] for one in part["said"]["cohorts"]] == [f"{shown.course.title}, Everybody"]
    archived = client.get(page.get_url()).content.decode()
    assert ("Everybody" in archived, "Partners only" in archived, hidden.course.title in archived) == (
        True,
        False,
        False,
    )


@pytest.mark.parametrize("slug", ["feed", "subscribe", "confirm", "preferences", "unwanted"])
def test_an_issue_cannot_take_an_address_of_the_newsletter_itself(slug):
    with pytest.raises(ValidationError, match="needs this address itself"):
        make.issue(slug=slug)
