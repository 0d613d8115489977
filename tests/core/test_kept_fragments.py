"""A part of a page that is the same for every reader is rendered once in an epoch."""

from itertools import count

import pytest
from django.http import HttpRequest
from django.template import Context, Template, TemplateSyntaxError
from django.utils import translation

from core import alternates
from core.pagecache.purging import purge_now
from tests.factories import core as make

NUMBERED = '{% load kept %}{% kept "part" key %}{{ number }}{% endkept %}'


def rendered(number: int, *, source: str = NUMBERED, request: HttpRequest | None = None, **values: object) -> str:
    return Template(source).render(Context({"request": request or HttpRequest(), "number": number, **values}))


def test_it_is_rendered_once_until_something_changes():
    assert [rendered(1, key=7), rendered(2, key=7)] == ["1", "1"]
    purge_now(("site",))
    assert rendered(3, key=7) == "3"


def test_each_key_and_each_language_has_its_own():
    assert [rendered(1, key=7), rendered(2, key=8)] == ["1", "2"]
    with translation.override("ar"):
        assert rendered(3, key=7) == "3"


@pytest.mark.parametrize("values", [{"key": None}, {}], ids=["none", "unknown"])
def test_without_a_key_nothing_is_kept(values: dict[str, object]):
    assert [rendered(1, **values), rendered(2, **values)] == ["1", "2"]


def test_an_editor_s_preview_is_rendered_anew():
    preview = HttpRequest()
    preview.is_dummy = True
    assert rendered(1, key=7) == "1"
    assert [rendered(2, key=7, request=preview), rendered(3, key=7, request=preview)] == ["2", "3"]


def test_what_a_reader_wrote_stays_escaped():
    source = '{% load kept %}{% kept "part" %}{{ words }}{% endkept %}'
    for _ in range(2):
        assert rendered(1, source=source, words="<script>") == "&lt;script&gt;"


@pytest.mark.django_db
def test_the_links_to_translations_are_written_once_for_each_page(client, monkeypatch):
    home = make.site_root()
    make.translated(home, "fr")
    asked = []
    default_code = alternates.default_code
    monkeypatch.setattr(alternates, "default_code", lambda *args: asked.append(1) or default_code(*args))
    for address in ("/en/?unknown=1", "/en/?unknown=2", "/fr/?unknown=1", "/fr/?unknown=2"):
        html = client.get(address).content.decode()
        assert all(f'hreflang="{code}" href="http' in html for code in ("en", "fr", "x-default"))
    assert len(asked) == 2


def test_a_part_without_a_key_is_a_mistake():
    with pytest.raises(TemplateSyntaxError, match="needs a key"):
        Template("{% load kept %}{% kept %}{% endkept %}")


def test_what_it_encloses_is_not_even_looked_at_again():
    numbers = count(1)
    source = '{% load kept %}{% kept "part" %}{{ next }}{% endkept %}'
    assert [rendered(0, source=source, next=lambda: next(numbers)) for _ in range(3)] == ["1", "1", "1"]
