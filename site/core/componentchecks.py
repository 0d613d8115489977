"""A system check: every component has its template, its examples in both directions of writing and its stylesheet."""

import json

from django.core.checks import Error, register

from core import components


@register()
def components_are_whole(app_configs, **kwargs) -> list[Error]:
    """Report what a component lacks; a missing part would be noticed only on the page that needs it."""
    return [problem for component in components.every() for problem in _problems(component)]


def _problems(component: components.Component) -> list[Error]:
    problems = []
    template = component.example_file.with_suffix(".html")
    for path, number, what, hint in (
        (template, 1, "template", "Add {}, or move the stylesheet to static/css/pages/ if it dresses one app's pages."),
        (component.example_file, 2, "examples", "Add {}."),
        (component.stylesheet, 3, "stylesheet", "Add {}."),
    ):
        if not path.is_file():
            words = f"The component {component.name} has no {what}."
            problems.append(Error(words, hint=hint.format(path), id=f"core.E10{number}"))
    if component.example_file.is_file():
        problems += _example_problems(component)
    return problems


def _example_problems(component: components.Component) -> list[Error]:
    where = f"The examples of the component {component.name}"
    try:
        languages = {example.language for example in component.examples}
        undescribed = {key for example in component.examples for key in example.context} - set(component.parameters)
    except (json.JSONDecodeError, KeyError) as problem:
        return [Error(f"{where} cannot be read: {problem!r}.", id="core.E104")]
    found = []
    if missing := {"en", "ar"} - languages:
        found.append(Error(f"{where} lack one in {' and '.join(sorted(missing))}.", id="core.E105"))
    if undescribed:
        found.append(Error(f"{where} use parameters that are not described: {sorted(undescribed)}.", id="core.E106"))
    return found
