"""The system checks find blocks and page types that lack a part, and the site's own lack none."""

from typing import Any

import pytest
from django.core.checks import Error
from wagtail.blocks import CharBlock, ListBlock, StreamBlock, StructBlock
from wagtail.models import Page

from core import checks
from core.models import BasePage
from tests.factories.core import page_types


class WholeBlock(StructBlock):
    text = CharBlock()

    class Meta:
        template = "blocks/heading.html"
        description = "Said in words."
        preview_value = {"text": "Example"}


def lacking(**changes: Any) -> StructBlock:
    """Return a whole block with something changed or, by None, taken away."""
    block = WholeBlock()
    block.set_name("example")
    for name, value in changes.items():
        if value is None:
            # The option stands on the class from which Wagtail built the block's own.
            block.meta = type("Meta", (), {key: getattr(block.meta, key) for key in KEPT if key != name})()
        else:
            setattr(block.meta, name, value)
    return block


KEPT = ("template", "description", "preview_value", "icon", "label", "group", "default")


def codes(problems: list[Error]) -> list[str]:
    return [problem.id for problem in problems]


def test_a_whole_block_passes():
    assert checks.block_problems(lacking()) == []


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"template": None}, "core.E001"),
        ({"template": "blocks/nowhere.html"}, "core.E001"),
        ({"preview_value": None}, "core.E002"),
        ({"description": None}, "core.E003"),
        ({"description": ""}, "core.E003"),
    ],
)
def test_a_block_that_lacks_a_part_is_found(changes, code):
    assert codes(checks.block_problems(lacking(**changes))) == [code]


def test_blocks_within_streams_within_blocks_are_found():
    inner = StreamBlock([("deep", CharBlock())])
    outer = StreamBlock([("row", StructBlock([("columns", ListBlock(inner))]))])
    assert [block.name for block in checks.offered(outer)] == ["row", "deep"]


def made(bases: tuple[type, ...], attributes: dict[str, Any]) -> type[Page]:
    # Abstract, so that neither Django nor Wagtail takes it for a page type of the site.
    meta = type("Meta", (), {"abstract": True, "app_label": "testpages"})
    return type("ExamplePage", bases, {"Meta": meta, "__module__": __name__, **attributes})


def page_type(**attributes: Any) -> type[Page]:
    """Return a page type with nothing of its own but the attributes."""
    return made((BasePage,), {"template": "blocks/heading.html", **attributes})


STATED = {"cache_seconds": None, "search_kind": "site"}


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        (STATED, []),
        ({**STATED, "template": "example/nowhere.html"}, ["core.E012"]),
        ({"search_kind": "site"}, ["core.E013"]),
        ({"cache_seconds": 60}, ["core.E014"]),
        ({**STATED, "cache_query": frozenset({"page", "tz"})}, ["core.E015"]),
        ({}, ["core.E013", "core.E014"]),
    ],
)
def test_a_page_type_that_lacks_a_part_is_found(attributes, expected):
    assert codes(checks.page_problems(page_type(**attributes))) == expected


def test_a_page_type_beside_the_base_page_is_found():
    assert codes(checks.page_problems(Page)) == ["core.E011"]


def test_a_statement_of_a_mixin_or_a_base_of_the_same_app_counts():
    mixin = type("Mixin", (), {"cache_seconds": 60})
    model = made((mixin, BasePage), {"template": "blocks/heading.html", "search_kind": "site"})
    assert checks.page_problems(model) == []


def test_nothing_of_the_site_lacks_a_part():
    assert checks.blocks_are_whole(None) == []
    assert checks.page_types_are_whole(None) == []
    assert len(page_types()) >= 9
