"""The gallery of components, shown under /dev/ with the demo settings only."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language_info

from core import components


def _described(component: components.Component, request: HttpRequest) -> dict:
    return {
        "name": component.name,
        "title": component.title,
        "description": component.description,
        "template": component.template,
        # As pairs: a parameter called "items" would hide the method in a template.
        "parameters": list(component.parameters.items()),
        "examples": [
            {
                "name": example.name,
                "language": example.language,
                "dir": "rtl" if get_language_info(example.language)["bidi"] else "ltr",
                "html": component.render(example, request),
            }
            for example in component.examples
        ],
    }


def index(request: HttpRequest) -> HttpResponse:
    """Show every component by name with its first words."""
    return render(request, "dev/components.html", {"components": components.described()})


def detail(request: HttpRequest, name: str) -> HttpResponse:
    """Show one component: its parameters and each of its examples."""
    component = next((item for item in components.described() if item.name == name), None)
    if component is None:
        raise Http404
    context = {"component": _described(component, request), "components": components.described()}
    return render(request, "dev/component.html", context)
