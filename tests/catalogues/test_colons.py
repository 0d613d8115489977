"""Colons between a word of ours and a name: French sets a gap before them, so no template writes one by itself."""

import re
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.template import Context
from django.template.loader import get_template
from django.template.loader_tags import ExtendsNode
from django.utils import translation

TEMPLATES = Path(__file__).resolve().parents[2] / "templates"
TRANSLATED = re.compile(r"\{% blocktranslate.*?\{% endblocktranslate %\}", re.DOTALL)
COLON = re.compile(r"(?:%\}|\}\}):(?=\s|<|\Z).*")

CITY = SimpleNamespace(display_name="Oslo & Co")
GIVEN = {
    "event_title": "Oslo & Co",
    "city": CITY,
    "membership": SimpleNamespace(local_government=CITY),
    "cohort": SimpleNamespace(name="Oslo & Co"),
}


def test_no_template_sets_a_colon_that_no_translation_can_change():
    found = [
        f"{path.relative_to(TEMPLATES)}: {colon}"
        for path in sorted(TEMPLATES.rglob("*.*"))
        if path.suffix in {".html", ".txt", ".mjml"}
        for colon in COLON.findall(TRANSLATED.sub("", path.read_text(encoding="utf-8")))
    ]
    assert found == []


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("events/register", "Register: Oslo &amp; Co"),
        ("events/register_refused", "Register: Oslo &amp; Co"),
        ("events/join", "Join: Oslo &amp; Co"),
        ("municipalities/represent_city", "Represent your city: Oslo &amp; Co"),
        ("municipalities/membership_change", "Change your request: Oslo &amp; Co"),
        ("learning/team_base", "Enrol a team: Oslo &amp; Co"),
        ("learning/moderate_decline", "Decline: Oslo &amp; Co"),
        ("learning/door_decline", "Decline: Oslo &amp; Co"),
        ("learning/my_course_leave", "Leave this cohort: Oslo &amp; Co"),
        ("learning/cohort_apply", "Take part on your own: Oslo &amp; Co"),
    ],
)
def test_a_title_names_what_it_is_about(name, title):
    with translation.override("en"):
        assert shown(name) == title


def test_a_french_title_of_a_team_has_the_gap_before_its_colon():
    with translation.override("fr"):
        assert shown("learning/my_team", city="Oslo") == "Oslo\u00a0: Oslo &amp; Co"


def shown(name: str, **given: str) -> str:
    """Return the title that a template gives its page."""
    template = get_template(f"{name}.html").template
    (extending,) = template.nodelist.get_nodes_by_type(ExtendsNode)
    context = Context({**GIVEN, **given})
    with context.bind_template(template):
        return extending.blocks["title"].nodelist.render(context)
