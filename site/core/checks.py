"""System checks that hold the architecture: what every block and every page type must have."""

from collections.abc import Iterable, Iterator
from typing import Any

from django.apps import apps
from django.core.checks import Error, register
from django.template import TemplateDoesNotExist
from django.template.loader import get_template
from wagtail.blocks import Block, StreamBlock
from wagtail.fields import StreamField
from wagtail.models import Page, get_page_models

from core.models import BasePage

# What each page type says for itself or through a base of its own app: inheriting the foundation's default would be
# a decision that nobody made.
STATED = {
    "cache_seconds": "how long it may be kept (None: until purged, 60: its text depends on the clock)",
    "search_kind": "what it belongs to in search (empty: search and the sitemap leave it out)",
}


@register()
def blocks_are_whole(app_configs: Any, **kwargs: Any) -> list[Error]:
    """Report blocks that editors would choose blindly or that no template shows."""
    seen: dict[int, Block] = {}
    for model in apps.get_models():
        for field in model._meta.get_fields():
            if isinstance(field, StreamField):
                seen |= {id(block): block for block in offered(field.stream_block)}
    return [problem for block in seen.values() for problem in block_problems(block)]


@register()
def page_types_are_whole(app_configs: Any, **kwargs: Any) -> list[Error]:
    """Report page types that do without what the foundation gives to all of them."""
    return [problem for model in get_page_models() if model is not Page for problem in page_problems(model)]


def offered(stream: StreamBlock) -> Iterator[Block]:
    """Yield the blocks among which editors choose, also those of streams within."""
    for block in stream.child_blocks.values():
        yield block
        yield from _within(block)


def block_problems(block: Block) -> list[Error]:
    """Return what a block lacks."""
    name = f"{type(block).__module__}.{type(block).__qualname__} ({block.name})"
    problems = []
    template = getattr(block.meta, "template", None)
    if not template or not _exists(template):
        problems.append(Error(f"The block {name} has no template.", hint="Set Meta.template.", id="core.E001"))
    if not block.is_previewable:
        problems.append(Error(f"The block {name} has no preview.", hint="Set Meta.preview_value.", id="core.E002"))
    if not block.get_description():
        problems.append(Error(f"The block {name} has no description.", hint="Set Meta.description.", id="core.E003"))
    return problems


def page_problems(model: type[Page]) -> list[Error]:
    """Return what a page type lacks."""
    name = model._meta.label
    if not issubclass(model, BasePage):
        return [Error(f"{name} does not extend core.models.BasePage.", obj=model, id="core.E011")]
    problems = []
    if not _exists(model.template):
        problems.append(Error(f"{name} has no template {model.template}.", obj=model, id="core.E012"))
    for number, (attribute, meaning) in enumerate(STATED.items(), start=3):
        if not _states(model, attribute):
            problems.append(
                Error(f"{name} does not state {meaning}.", hint=f"Set {attribute}.", obj=model, id=f"core.E01{number}")
            )
    if "tz" in model.cache_query:
        # A chosen zone is one visitor's own; kept pages show the event's.
        problems.append(Error(f"{name} lets a time zone into the page cache.", obj=model, id="core.E015"))
    return problems


def _states(model: type[Page], attribute: str) -> bool:
    own = (base for base in model.__mro__ if base not in BasePage.__mro__)
    return any(attribute in vars(base) for base in own)


def _within(block: Block) -> Iterator[Block]:
    if isinstance(block, StreamBlock):
        yield from offered(block)
        return
    children: Iterable[Block] = getattr(block, "child_blocks", {}).values()
    if child := getattr(block, "child_block", None):
        children = [*children, child]
    for inner in children:
        yield from _within(inner)


def _exists(template: str) -> bool:
    try:
        get_template(template)
    except TemplateDoesNotExist:
        return False
    return True
