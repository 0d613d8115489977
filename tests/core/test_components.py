"""Every component renders its examples in both directions of writing, well-formed and without holes."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command
from django.template.loader import render_to_string
from django.test import RequestFactory
from django.utils.translation import override

from core import componentchecks, components
from core.templatetags import look

VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
EXAMPLES = [
    pytest.param(component, example, id=f"{component.name}-{example.language}-{number}")
    for component in components.described()
    for number, example in enumerate(component.examples)
]


class Tags(HTMLParser):
    """Follows opening and closing tags, and collects ids and what they are used for."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.problems: list[str] = []
        self.ids: list[str] = []

    def handle_starttag(self, tag, attrs) -> None:
        names = [name for name, _value in attrs]
        if len(names) != len(set(names)):
            self.problems.append(f"<{tag}> says something twice: {names}")
        for name, value in attrs:
            if name == "style" or name.startswith("on"):
                self.problems.append(f"<{tag}> has {name}, which the security policy forbids")
            if name == "id":
                self.ids.append(value or "")
            if name in {"href", "src", "class"} and not value and tag != "form":
                self.problems.append(f"<{tag}> has an empty {name}")
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag) -> None:
        if not self.open or self.open[-1] != tag:
            self.problems.append(f"</{tag}> closes {self.open[-1:]}")
        else:
            self.open.pop()


def test_what_a_table_holds_keeps_its_own_direction():
    cell = {"text": "<b>سلمى</b> (2)", "url": "#a"}
    html = render_to_string(
        "components/table.html", {"headers": [{"title": "Name"}], "rows": [[cell, {"text": "-5", "numeric": True}]]}
    )
    assert re.findall(r"<bdi>(.*?)</bdi>", html) == ["Name", "&lt;b&gt;سلمى&lt;/b&gt; (2)", "-5"]


def problems_of(html: str) -> list[str]:
    tags = Tags()
    tags.feed(html)
    tags.close()
    twice = {name for name in tags.ids if tags.ids.count(name) > 1}
    return tags.problems + [f"<{tag}> stays open" for tag in tags.open] + [f"id {name} twice" for name in twice]


def show(name: str, number: int = 0, language: str = "en") -> str:
    component = components.Component(name)
    example = [item for item in component.examples if item.language == language][number]
    return re.sub(r"\s+", " ", component.render(example, RequestFactory().get("/en/")))


# The menu reads its sections where none are given.
@pytest.mark.django_db
@pytest.mark.parametrize(("component", "example"), EXAMPLES)
def test_an_example_is_well_formed(component, example):
    html = component.render(example, RequestFactory().get(f"/{example.language}/"))

    assert problems_of(html) == []
    assert not re.search(r"\bNone\b|\{[{%#]|&amp;(lt|gt|quot|amp);", html)
    assert html.strip()


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<p><b>x</p></b>", ["</p> closes ['b']", "</b> closes ['p']"][:1]),
        ("<p>x", ["<p> stays open"]),
        ('<i id="a"></i><i id="a"></i>', ["id a twice"]),
        ('<p style="color:red">x</p>', ["<p> has style, which the security policy forbids"]),
        ('<a href="">x</a>', ["<a> has an empty href"]),
    ],
)
def test_the_parser_finds_what_is_broken(html, expected):
    assert problems_of(html)[:1] == expected


def test_every_component_is_whole():
    assert componentchecks.components_are_whole(None) == []


def test_a_component_without_its_parts_is_named(tmp_path, settings):
    (tmp_path / "templates/components").mkdir(parents=True)
    (tmp_path / "static/css/components").mkdir(parents=True)
    (tmp_path / "templates/components/half.html").write_text("<p></p>")
    (tmp_path / "static/css/components/lone.css").write_text("")
    example = {"name": "x", "language": "en", "context": {"a": 1}}
    examples = json.dumps({"title": "", "description": "", "parameters": {}, "examples": [example]})
    (tmp_path / "templates/components/lone.json").write_text(examples)
    settings.ROOT = tmp_path
    settings.STATICFILES_DIRS = [tmp_path / "static"]

    assert [(problem.id, problem.msg) for problem in componentchecks.components_are_whole(None)] == [
        ("core.E102", "The component half has no examples."),
        ("core.E103", "The component half has no stylesheet."),
        ("core.E101", "The component lone has no template."),
        ("core.E105", "The examples of the component lone lack one in ar."),
        ("core.E106", "The examples of the component lone use parameters that are not described: ['a']."),
    ]


def test_the_reference_in_the_documentation_is_up_to_date():
    text = (Path(settings.ROOT) / "docs/components.md").read_text("utf-8")

    assert text.endswith(components.reference()), "run manage.py component_reference"


def test_the_date_tile_shows_the_day_in_the_events_own_zone():
    assert show("date_tile") == (
        '<time class="date" datetime="2026-12-12"><span class="date__weekday">Sat</span> '
        '<span class="date__day">12</span> <span class="date__month">December</span></time> '
    )
    context = components.parse({"date": "2026-12-12T16:00:00+00:00", "timezone": "Asia/Tokyo"})
    example = components.Example("Across midnight", "en", context)
    assert 'datetime="2026-12-13"' in components.Component("date_tile").render(example)


def test_the_big_date_tile_in_arabic_writes_the_weekday_out():
    assert show("date_tile", language="ar") == (
        '<time class="date date--big" datetime="2026-12-12"><span class="date__weekday">السبت</span> '
        '<span class="date__day">12</span> <span class="date__month">ديسمبر 2026</span></time> '
    )


def test_both_times_name_the_other_day():
    html = show("zones", 2)

    assert '<dt>Brussels</dt><dd><time datetime="2026-12-12T15:00:00+01:00">15:00 to 16:30</time></dd>' in html
    assert (
        '<dt>Auckland</dt><dd><time datetime="2026-12-13T03:00:00+13:00">13 December, 03:00 to 04:30</time></dd>'
    ) in html


def test_an_empty_state_is_a_heading_where_its_page_gives_a_level():
    assert '<h2 class="empty__title">No cohort is open at the moment</h2>' in show("empty_state")
    assert '<p class="empty__title">No event is planned yet</p>' in show("empty_state", 1)


def test_an_unknown_zone_is_left_to_the_script():
    html = show("zones")

    assert html.count("<div") == 2
    assert (
        '<div class="zones__row zones__row--yours" hidden data-local="2026-12-12T15:00:00+01:00" '
        'data-local-end="2026-12-12T16:30:00+01:00" data-local-zone="Europe/Brussels" '
        'data-local-range="%(start)s to %(end)s" data-local-day="%(day)s, %(clocks)s"><dt>Your time</dt>'
    ) in html


@pytest.mark.parametrize(
    ("number", "parts", "words"),
    [
        (0, [("free", "0", "33")], "<strong>Seats available</strong>"),
        (1, [("few", "33", "34")], "<strong>Few seats left</strong>"),
        (2, [("waiting", "67", "33")], "<strong>Waiting list open</strong>"),
        (3, [], "<strong>Registration closed</strong>"),
        (5, [("taken", "0", "92")], "<strong>Few seats left</strong> <span>46 of 50 seats taken</span>"),
        (
            6,
            [("taken", "0", "93"), ("waiting", "93", "7")],
            "<strong>Waiting list open</strong> <span>50 of 50 seats taken, 4 waiting</span>",
        ),
    ],
)
def test_the_seats_bar_says_in_words_what_it_draws(number, parts, words):
    html = show("seats_bar", number)

    assert re.findall(r'<rect class="seats__(\w+)" x="(\d+)%" width="(\d+)%" height="100%"/>', html) == parts
    assert ("seats--counted" in html) is ("<span>" in words)
    assert f'<p class="seats__words">{words}</p>' in html


@pytest.mark.parametrize(
    ("taken", "waiting", "parts"),
    [(0, 0, []), (60, 0, [("taken", 100)]), (0, 50, [("waiting", 50)]), (25, 50, [("taken", 25), ("waiting", 50)])],
)
def test_the_scale_of_seats_leaves_what_is_free_empty(taken, waiting, parts):
    drawn = look.seat_parts("waiting", taken, 50, waiting)
    assert [(part["kind"], part["width"]) for part in drawn] == parts


def test_a_title_in_another_language_says_so_and_names_it():
    html = show("event_row", 5)

    assert '<a href="#event" lang="fr" dir="ltr">Boucler un budget climat avec les quartiers</a>' in html
    assert '<span class="tag tag--language" lang="fr" dir="ltr">français</span>' in html
    assert 'lang="' not in show("event_row", 0)


def test_a_card_in_another_language_has_one_edge_and_names_the_language():
    """A block with a direction of its own would stand at the other edge than the title's line."""
    context = {"title": "Heat", "text": "Shade.", "url": "#c", "language": "en", "meta": "12 May"}
    with override("ar"):
        html = components.Component("card").render(components.Example("x", "ar", context))

    assert '<a href="#c" lang="en" dir="ltr">Heat</a>' in html
    assert '<p class="card__text"><span lang="en" dir="ltr">Shade.</span></p>' in html
    assert '<span class="tag tag--language" lang="en" dir="ltr">English</span>' in html
    with override("en"):
        assert "tag--language" not in components.Component("card").render(components.Example("x", "en", context))


def test_a_course_card_in_another_language_has_one_edge_and_names_the_language():
    context = {"title": "Heat", "summary": "Shade.", "url": "#c", "language": "en", "minutes": 20}
    with override("ar"):
        html = components.Component("course_card").render(components.Example("x", "ar", context))

    assert '<p class="card__text"><span lang="en" dir="ltr">Shade.</span></p>' in html
    assert '<span class="tag tag--language" lang="en" dir="ltr">English</span>' in html


@pytest.mark.parametrize(("language", "name"), [("en", "Arabic"), ("fr", "arabe"), ("es", "árabe"), ("ar", "العربية")])
def test_the_note_names_the_other_language_in_the_pages(language, name):
    with override(language):
        html = components.Component("language_note").render(components.Example("x", language, {"language": "ar"}))

    assert f" {name}." in html


def test_the_ring_fills_one_arc_after_the_other():
    assert "stroke-dasharray" not in show("progress_ring", 0)
    assert re.findall(r'stroke-dasharray="(\d+) 100"', show("progress_ring", 1)) == ["100", "71"]
    assert re.findall(r'stroke-dasharray="(\d+) 100"', show("progress_ring", 2)) == ["100", "100", "100"]


def test_a_refused_field_is_tied_to_its_hint_and_error():
    html = show("form_field", 9)
    number = re.search(r'id="(example-\d+-email)"', html)[1]

    assert f'<div class="field__error" id="{number}_error">This field is required.</div>' in html
    assert f'aria-describedby="{number}_helptext {number}_error"' in html
    assert 'aria-invalid="true"' in html


def test_the_error_summary_links_to_each_field():
    html = show("form", 1)
    links = re.findall(r'<li><a href="#([^"]+)">([^<]+)</a>', html)

    assert [words for _id, words in links] == [
        "Name: This field is required.",
        "E-mail: This field is required.",
        "How will you take part? This field is required.",
        "I have read the privacy notice: This field is required.",
    ]
    assert all(f'id="{target}"' in html for target, _words in links)


@pytest.mark.parametrize(
    ("language", "label", "said"),
    [
        ("en", "E-mail", "E-mail: Wrong."),
        ("fr", "Nom", "Nom\u00a0: Wrong."),
        ("fr", "Qui\u00a0?", "Qui\u00a0? Wrong."),
        ("ar", "من؟", "من؟ Wrong."),
        ("en", "<b>", "&lt;b&gt;: Wrong."),
    ],
)
def test_a_label_in_the_error_summary_has_a_colon_unless_it_asks(language, label, said):
    with override(language):
        html = render_to_string(
            "components/error_summary.html", {"errors": [{"id": "a", "label": label, "text": "Wrong."}]}
        )
    assert f'<a href="#a">{said}</a>' in html


def test_optional_is_marked_and_required_is_not():
    html = show("form", 0)

    assert re.findall(r'>([^<>]+) <span class="field__optional">', html) == [
        "Country",
        "Topics",
        "Day",
        "Your question to the speakers",
        "File",
    ]


def test_the_header_is_the_same_for_everybody():
    html = show("header")

    assert 'href="/en/my/"' in html
    assert re.findall(r'<a href="(/[a-z]{2}/)" lang="(..)" hreflang="\2" dir="(...)"', html) == [
        ("/en/", "en", "ltr"),
        ("/fr/", "fr", "ltr"),
        ("/es/", "es", "ltr"),
        ("/pt/", "pt", "ltr"),
        ("/ar/", "ar", "rtl"),
    ]


def test_user_words_are_escaped():
    with override("en"):
        example = components.Example("x", "en", {"title": "<script>1</script>", "url": "/", "text": "<b>"})
        html = components.Component("card").render(example)

    assert "&lt;script&gt;1&lt;/script&gt;" in html
    assert "<script>" not in html
    assert "&lt;b&gt;" in html


def test_the_reference_command_keeps_what_stands_above_the_mark(tmp_path, settings):
    (tmp_path / "docs").mkdir()
    path = tmp_path / "docs/components.md"
    path.write_text("Words.\n<!-- components: written by `manage.py component_reference` -->\nold")
    settings.ROOT = tmp_path

    call_command("component_reference", verbosity=0)

    assert path.read_text("utf-8").startswith("Words.\n<!-- components:")
    assert path.read_text("utf-8").endswith(components.reference())
