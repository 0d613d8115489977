"""Turns bodies written down as data into the raw form of a StreamField, with the same ids in every language."""

import json
import uuid
from collections.abc import Callable
from typing import Any

PageFinder = Callable[[str], int | None]

# Ids derive from this one, so that the same body gets the same ids on every machine.
NAMESPACE = uuid.UUID("0f2a8c52-63f1-5a0e-8f0b-3a5f5d0f4b7e")
PLAIN = {"rich_text"}


def stream(blocks: list[dict[str, Any]], *, path: str, page_of: PageFinder) -> str:
    """Return the JSON of a StreamField for `blocks`.

    `path` names the field on its page; ids derive from it and from the position, so that a translation's block
    carries the id of the block it translates. `page_of` gives the primary key of a page by its slug.
    """
    return json.dumps(
        [
            {"type": block["type"], "id": _id(path, index), "value": _value(block, f"{path}/{index}", page_of)}
            for index, block in enumerate(blocks)
        ],
        ensure_ascii=False,
    )


def _id(path: str, index: int) -> str:
    return str(uuid.uuid5(NAMESPACE, f"{path}/{index}"))


def _value(block: dict[str, Any], path: str, page_of: PageFinder) -> Any:
    value: Any = block["value"]
    if block["type"] in PLAIN or not isinstance(value, dict | list):
        return value
    if isinstance(value, list):
        return [
            {"type": "item", "id": _id(path, index), "value": _fields(item, page_of)}
            for index, item in enumerate(value)
        ]
    fields: dict[str, Any] = _fields(dict(value), page_of)
    if "level" in fields:
        fields["level"] = f"h{fields['level']}"
    return {
        name: [
            {
                "type": "item",
                "id": _id(f"{path}/{name}", index),
                "value": _fields(item, page_of) if isinstance(item, dict) else item,
            }
            for index, item in enumerate(inner)
        ]
        if isinstance(inner, list)
        else inner
        for name, inner in fields.items()
    }


def _fields(value: dict[str, Any], page_of: PageFinder) -> dict[str, Any]:
    fields = {name: inner for name, inner in value.items() if name != "page"}
    if "page" in value:
        fields["page"] = page_of(value["page"])
    return fields
