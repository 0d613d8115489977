"""Mails in five languages: words escaped and isolated, directions right, nothing fetched from anywhere."""

import re

import pytest

from core import languages
from mail import footer, kinds
from mail.kinds import MailKind, Rendering
from mail.rendering import render_words
from mail.services import enqueue

CONTEXT = {
    "subject": "A subject",
    "heading": "A heading",
    "paragraphs": ["First paragraph", "<script>alert(1)</script> & \x07 \u202eevil"],
    "code": "123456",
    "button": {"label": "Open", "url": "https://gkec.example/?a=1&b=2"},
    "reason": "You asked for it.",
}


@pytest.mark.parametrize("language", ["en", "fr", "es", "pt", "ar"])
def test_a_mail_says_its_language_and_direction_and_fetches_nothing(language: str, settings) -> None:
    settings.BASE_URL = "https://site.example"
    text, html = render_words("mail/notice", CONTEXT, language=language)
    direction = languages.direction(language)
    assert html.startswith(f'<!doctype html><html lang="{language}" dir="{direction}"')
    assert re.search(rf'role="article" lang="{language}" dir="{direction}"', html)
    assert not re.search(r"<img|<link|@import|<script|url\(", html)
    assert set(re.findall(r'(?:href|src)="(https?://[^/"]+)', html)) == {"https://site.example", "https://gkec.example"}
    assert f"text-align:{'right' if direction == 'rtl' else 'left'}" in html
    assert ("direction:ltr" in html) == (direction == "ltr")
    assert 'name="color-scheme" content="light dark"' in html
    assert "prefers-color-scheme: dark" in html
    assert "First paragraph" in text
    assert "You asked for it." in text
    assert "You asked for it." in html


def test_words_of_people_are_escaped_in_html_and_plain_in_text() -> None:
    text, html = render_words("mail/notice", CONTEXT, language="en")
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp;  \u202eevil</p>" in html
    assert '<p dir="auto"' in html
    assert "<script>alert(1)</script> & " in text
    assert 'href="https://gkec.example/?a=1&amp;b=2"' in html
    assert "https://gkec.example/?a=1&b=2\n" in text


def test_the_preheader_is_the_first_sentence() -> None:
    _text, html = render_words("mail/notice", CONTEXT, language="en")
    assert re.search(r'<body[^>]*><div style="display:none[^"]*">First paragraph</div>', html)


@pytest.mark.django_db
def test_a_kind_is_asked_in_the_language_of_the_message() -> None:
    from django.utils.translation import get_language

    from mail.rendering import render

    kind = MailKind("test-language", lambda message: Rendering(get_language() or "", "mail/notice"), "Test")
    kinds.register(kind)
    try:
        message = enqueue(key="k", kind=kind.name, to="a@city.example", language="pt", params={})
        assert render(message).subject == "pt"
    finally:
        kinds._registered.pop(kind.name)


def test_the_funding_statement_can_be_provided_from_above_and_never_fails_to_stand(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # The tests after this one find what the project has provided.
    monkeypatch.setitem(footer._slot, "statement", footer._standing_statement)
    footer.provide(lambda language: f"Our own words in {language}.")
    assert "Our own words in fr." in render_words("mail/notice", CONTEXT, language="fr")[0]
    footer.provide(lambda language: "")
    assert "European Union" in render_words("mail/notice", CONTEXT, language="en")[1]


def test_the_parts_of_a_mail_stand_in_one_table_each() -> None:
    from django.template import engines

    engine = engines["django"].engine  # type: ignore[attr-defined]
    zones = [{"label": "Brussels", "value": "15:00 to 16:30"}, {"label": "Bogotá", "value": "09:00 to 10:30"}]
    context = {"weekday": "Saturday", "day": 12, "month": "December 2026", "zones": zones, "start": "left"}
    tile = engine.get_template("mail/parts/date_tile.mjml").render(engine_context(context))
    assert tile.count("<mj-table") == 1
    assert re.findall(r"<bdi>([^<]+)</bdi>", tile) == ["15:00 to 16:30", "09:00 to 10:30"]
    plain = engine.get_template("mail/parts/zones.txt").render(engine_context(context))
    assert plain.split("\n")[:3] == [
        "Saturday 12 December 2026",
        "Brussels: \u206815:00 to 16:30\u2069",
        "Bogotá: \u206809:00 to 10:30\u2069",
    ]


def engine_context(context: dict):
    from django.template import Context

    return Context(context, autoescape=False)


@pytest.mark.parametrize(
    ("words", "isolated"),
    [
        ("Plain", "\u2068Plain\u2069"),
        ("two\nlines", "\u2068two lines\u2069"),
        ("ends\u2069early", "\u2068endsearly\u2069"),
        ("", ""),
        (None, ""),
    ],
)
def test_words_in_plain_text_keep_to_themselves(words: str | None, isolated: str) -> None:
    from mail.templatetags.mail import isolate

    assert isolate(words) == isolated


def test_two_kinds_of_one_name_are_a_mistake() -> None:
    kinds.register(MailKind("test-twice", None, "First"))
    try:
        with pytest.raises(ValueError, match="test-twice"):
            kinds.register(MailKind("test-twice", None, "Second"))
    finally:
        kinds._registered.pop("test-twice")
    assert kinds.label("test-twice") == "test-twice"


def test_a_colon_stands_as_its_language_sets_it() -> None:
    french, _ = render_words("mail/notice", CONTEXT, language="fr")
    spanish, _ = render_words("mail/notice", CONTEXT, language="es")
    assert "\nOpen\u00a0:\nhttps://gkec.example" in french
    assert "\nOpen:\nhttps://gkec.example" in spanish
