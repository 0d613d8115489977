"""What the blocks of page bodies show, refuse and cost."""

import re
from decimal import Decimal
from io import BytesIO

import pytest
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.files.images import ImageFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import translation
from PIL import Image
from wagtail.documents import get_document_model
from wagtail.images import get_image_model

from core import embeds
from core.blocks import BODY_BLOCKS
from core.models import Term
from core.services import load_vocabularies
from tests.factories import core as make

BLOCKS = dict(BODY_BLOCKS)
EVIL = "<script>alert(1)</script>\u202e"
ESCAPED = "&lt;script&gt;alert(1)&lt;/script&gt;\u202e"


def shown(name: str, value: object, **context: object) -> str:
    block = BLOCKS[name]
    return re.sub(r"[ \n]+", " ", block.render(block.normalize(value), context)).strip()


def picture(title: str = "Roof"):
    content = BytesIO()
    Image.new("RGB", (1600, 900), "green").save(content, "PNG")
    return get_image_model().objects.create(
        title=title, file=ImageFile(ContentFile(content.getvalue()), name="roof.png"), credit="City of Lahti"
    )


def test_a_heading_has_the_level_that_the_editor_chose():
    assert shown("heading", {"text": "Why", "level": "h2"}) == '<h2 class="block-heading" dir="auto">Why</h2>'
    assert shown("heading", {"text": "How", "level": "h3"}) == '<h3 class="block-heading" dir="auto">How</h3>'


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("heading", {"text": EVIL, "level": "h2"}),
        ("quote", {"text": EVIL, "person": EVIL, "role": EVIL}),
        ("cards", [{"title": EVIL, "text": EVIL, "url": "https://example.org/"}]),
        ("call_to_action", {"text": EVIL, "label": EVIL, "url": "https://example.org/"}),
        ("embed", {"title": EVIL, "url": "https://youtu.be/aaaaaaaaaaa"}),
        (
            "figure",
            {"value": Decimal(1), "unit": EVIL, "label": EVIL, "year": 2024, "boundary": EVIL, "source_name": EVIL},
        ),
    ],
)
def test_what_editors_type_is_escaped_and_finds_its_own_direction(name, value):
    html = shown(name, value)
    assert "<script>" not in html
    assert ESCAPED in html
    assert 'dir="auto"' in html


def test_a_figure_is_written_as_in_the_readers_language_with_its_source():
    value = {
        "value": Decimal("1250000.5"),
        "unit": "tCO2e",
        "label": "saved",
        "year": 2024,
        "boundary": "city territory",
        "source_name": "Energy report",
        "source_url": "https://example.org/report",
    }
    with translation.override("fr"):
        html = shown("figure", value)
    assert "1\u202f250\u202f000,5" in html
    assert ">2024<" in html
    assert '<a href="https://example.org/report">' in html
    with translation.override("es"):
        assert "1\u00a0250\u00a0000,5" in shown("figure", value)


FIGURE = {"value": Decimal(3), "label": "trams", "year": 2024, "boundary": "the city", "source_name": "City council"}


@pytest.mark.django_db
def test_a_figure_says_how_it_was_checked_in_the_readers_language():
    load_vocabularies()
    assert "the city</bdi> · Document attached</figcaption>" in shown("figure", {**FIGURE, "grade": "documented"})
    with translation.override("fr"):
        assert "the city</bdi> · Document joint</figcaption>" in shown("figure", {**FIGURE, "grade": "documented"})
    Term.objects.filter(slug="documented").update(is_active=False)
    assert "Document attached" in shown("figure", {**FIGURE, "grade": "documented"})


def test_a_figure_of_before_there_were_grades_is_shown_without_one():
    assert "the city</bdi></figcaption>" in shown("figure", FIGURE)


@pytest.mark.django_db
def test_an_editor_chooses_a_grade_of_the_vocabulary_and_must_name_the_boundary():
    load_vocabularies()
    figure = BLOCKS["figure"]
    assert figure.clean(figure.normalize({**FIGURE, "grade": "measured"}))["grade"] == "measured"
    assert figure.clean(figure.to_python(FIGURE))["grade"] == ""
    for changed, field in (({"grade": "guessed"}, "grade"), ({"boundary": ""}, "boundary")):
        with pytest.raises(ValidationError) as problem:
            figure.clean(figure.normalize({**FIGURE, **changed}))
        assert list(problem.value.block_errors) == [field]


@pytest.mark.django_db
@pytest.mark.parametrize("number", [1, 3])
def test_the_grades_of_all_figures_are_asked_for_at_once(rf, number, django_assert_num_queries):
    load_vocabularies()
    request = rf.get("/")
    with django_assert_num_queries(1):
        for _ in range(number):
            assert "Self-reported" in shown("figure", {**FIGURE, "grade": "self-reported"}, request=request)


def test_a_card_or_call_leads_to_one_place(db):
    page = make.site_root()
    both = {"title": "Two", "text": "", "page": page, "url": "https://example.org/"}
    with pytest.raises(ValidationError):
        BLOCKS["cards"].clean(BLOCKS["cards"].normalize([both]))
    call = BLOCKS["call_to_action"]
    with pytest.raises(ValidationError) as problem:
        call.clean(call.normalize({"text": "Come", "label": "Go"}))
    assert [str(error.message) for error in problem.value.block_errors.values()] == [
        "Choose a page or give an address."
    ]


@pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,x"])
def test_a_link_with_a_scheme_that_runs_code_is_refused(url):
    call = BLOCKS["call_to_action"]
    with pytest.raises(ValidationError):
        call.clean(call.normalize({"text": "Come", "label": "Go", "url": url}))


@pytest.mark.parametrize(
    ("url", "player"),
    [
        (
            "https://www.youtube.com/watch?v=dQw4w9WgXcQ",
            "https://www.youtube-nocookie.com/embed/dQw4w9WgXcQ?autoplay=1",
        ),
        ("https://youtu.be/dQw4w9WgXcQ?t=5", "https://www.youtube-nocookie.com/embed/dQw4w9WgXcQ?autoplay=1"),
        ("https://vimeo.com/123456789", "https://player.vimeo.com/video/123456789?dnt=1&autoplay=1"),
    ],
)
def test_a_video_of_an_allowed_provider_has_a_player(url, player):
    assert embeds.player(url).url == player


@pytest.mark.parametrize(
    "url",
    [
        "http://www.youtube.com/watch?v=dQw4w9WgXcQ",
        "https://evil.example/?u=https://youtu.be/dQw4w9WgXcQ",
        "https://youtube.com.evil.example/watch?v=dQw4w9WgXcQ",
        'https://www.youtube.com/watch?v=a"><script>',
        "https://www.youtube.com/watch?v=" + "a" * 21,
        "https://127.0.0.1/",
        "https://vimeo.com/123456789\nhttps://evil.example/",
    ],
)
def test_a_video_of_anyone_else_is_refused(url):
    assert embeds.player(url) is None
    block = BLOCKS["embed"]
    with pytest.raises(ValidationError):
        block.clean(block.normalize({"url": url, "title": "Film"}))


def test_nothing_of_a_video_is_loaded_before_the_click():
    html = shown("embed", {"url": "https://youtu.be/dQw4w9WgXcQ", "title": "Film"})
    assert "<iframe" not in html
    assert 'src="https:' not in html
    assert 'href="https://youtu.be/dQw4w9WgXcQ"' in html


def body(items: int, *, image, document, target) -> list:
    card = {"title": "Card", "text": "", "page": target.pk, "url": ""}
    return [
        ("rich_text", f'<p><a linktype="page" id="{target.pk}">there</a></p>' * items),
        *[("picture", {"image": image, "alt": "A roof", "caption": ""})] * items,
        ("cards", [{**card, "page": target}] * items),
        *[("call_to_action", {"text": "Come", "label": "Go", "page": target, "url": ""})] * items,
        *[("download", {"document": document, "title": ""})] * items,
    ]


# Wagtail leaves the temporary file of each new rendition to the garbage collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.django_db
def test_a_long_body_costs_as_many_statements_as_a_short_one(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    home = make.site_root()
    targets = [make.child(home, f"target-{number}") for number in range(3)]
    document = get_document_model().objects.create(title="Guide", file=ContentFile(b"%PDF-", name="guide.pdf"))
    counts = []
    for items in (1, 3):
        blocks = []
        for number in range(items):
            blocks += body(1, image=picture(f"Roof {number}"), document=document, target=targets[number])
        page = make.child(home, f"body-{items}", body=blocks)
        address = f"/en/body-{items}/"
        # The first view makes the renditions, the second finds what all pages share.
        assert Client().get(address).status_code == 200
        assert Client().get(f"{address}?unknown=0").status_code == 200
        with CaptureQueriesContext(connection) as queries:
            answer = Client().get(f"{address}?page=x&unknown=1")
        assert answer.content.count(b"<img") >= items
        assert answer.content.count(b'href="/en/target-0/"') == 3
        counts.append(len(queries))
        page.delete()
    assert counts[0] == counts[1]


@pytest.mark.django_db
def test_links_lead_to_the_readers_language_and_never_to_a_draft(rf):
    home = make.site_root()
    french_home = make.translated(home, "fr")
    target = make.child(home, "target")
    french = make.translated(target, "fr")
    draft = make.child(home, "draft", live=False)
    request = rf.get("/", headers={"host": "testserver"})
    cards = BLOCKS["cards"]
    value = cards.normalize([{"title": "There", "text": "", "page": page} for page in (target, draft)])
    assert french.locale == french_home.locale
    with translation.override("fr"):
        html = cards.render(value, {"request": request})
    assert 'href="/fr/target/"' in html
    assert html.count("<a ") == 1
    rich = BLOCKS["rich_text"]
    text = rich.normalize(f'<p><a linktype="page" id="{target.pk}">x</a><a linktype="page" id="{draft.pk}">y</a></p>')
    with translation.override("fr"):
        assert '<a href="/fr/target/">x</a><a>y</a>' in rich.render(text, {"request": request})


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("reader", "live", "led_to"),
    [
        ("en", ("fr", "es"), "fr"),
        ("es", ("fr", "es"), "es"),
        ("ar", ("fr", "es"), "fr"),
        ("ar", ("en", "fr"), "en"),
        ("ar", (), ""),
    ],
)
def test_a_draft_is_stood_in_for_by_the_next_language_that_has_the_page(rf, reader, live, led_to):
    home = make.site_root()
    draft = make.child(home, "target", live="en" in live)
    for language in ("fr", "es", "ar"):
        make.translated(home, language)
        make.translated(draft, language, live=language in live)
    cards = BLOCKS["cards"]
    value = cards.normalize([{"title": "There", "text": "", "page": draft}])
    with translation.override(reader):
        html = cards.render(value, {"request": rf.get("/", headers={"host": "testserver"})})
    assert re.findall(r'href="/(\w+)/target/"', html) == ([led_to] if led_to else [])


@pytest.mark.django_db
def test_a_page_that_was_chosen_goes_before_english_where_the_readers_language_has_none(rf):
    home = make.site_root()
    make.translated(home, "fr")
    french = make.translated(make.child(home, "target"), "fr")
    value = BLOCKS["cards"].normalize([{"title": "There", "text": "", "page": french}])
    with translation.override("pt"):
        html = BLOCKS["cards"].render(value, {"request": rf.get("/", headers={"host": "testserver"})})
    assert re.findall(r'href="/(\w+)/target/"', html) == ["fr"]
