"""The demo's courses with their modules and units."""

from typing import Any

from core.models import Term
from core.rawstreams import stream
from demo import content
from demo.services.pages import page_of, publish_in_languages, section
from learning.models import CoursePage, ModulePage, UnitPage


def load_courses() -> None:
    """Publish the courses that are missing, each with its modules and units."""
    for course in content.read("courses"):
        _load(course)


def _load(course: dict[str, Any]) -> None:
    path = ("learning", course["slug"])
    audience = Term.objects.filter(vocabulary="audience", slug__in=course["audience"])

    def fields(words: dict[str, Any]) -> dict[str, Any]:
        return {
            "title": words["title"],
            "summary": words["summary"],
            "takes_home": words["takes_home"],
            "effort": words["effort"],
            "how_it_runs": words["how_it_runs"],
            "body": stream(words["body"], path="/".join(path), page_of=page_of),
        }

    page = publish_in_languages(
        model=CoursePage, parent=section("learning"), key=path, words=course["languages"], fields=fields
    )
    if not page.audience.exists():
        page.audience.set(audience)
        page.save_revision().publish()
    for module in course["modules"]:
        _load_module(page, path, module)


def _load_module(course: CoursePage, above: tuple[str, ...], module: dict[str, Any]) -> None:
    path = (*above, module["slug"])

    def fields(words: dict[str, Any]) -> dict[str, Any]:
        return {
            "title": words["title"],
            "summary": words["summary"],
            "goals": "\n".join(words["goals"]),
            "product": words["product"],
        }

    page = publish_in_languages(model=ModulePage, parent=course, key=path, words=module["languages"], fields=fields)
    for unit in module["units"]:
        _load_unit(page, path, unit)


def _load_unit(module: ModulePage, above: tuple[str, ...], unit: dict[str, Any]) -> None:
    path = (*above, unit["slug"])

    def fields(words: dict[str, Any]) -> dict[str, Any]:
        return {
            "title": words["title"],
            "summary": words["summary"],
            "minutes": unit["minutes"],
            "body": stream(words["body"], path="/".join(path), page_of=page_of),
        }

    publish_in_languages(model=UnitPage, parent=module, key=path, words=unit["languages"], fields=fields)
