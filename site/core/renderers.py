"""Rendering of form fields: as Django does, but for lists of hundreds of options, which come from Python."""

from typing import Any

from django.forms.renderers import DjangoTemplates
from django.http import HttpRequest
from django.utils.formats import localize
from django.utils.functional import Promise
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString

SELECT = "django/forms/widgets/select.html"
OPTION = "django/forms/widgets/select_option.html"


class FormRenderer(DjangoTemplates):
    """Writes a select, byte for byte, as Django's templates do.

    They include two templates for each option: with every country and time zone of the world, two thirds of the work
    of answering with a registration form.
    """

    def render(self, template_name: str, context: dict[str, Any], request: HttpRequest | None = None) -> str:
        """Return the field as HTML; whatever is no plain select is left to Django."""
        if template_name == SELECT and all(_is_plain(option) for option in _options(context["widget"])):
            # Each part is escaped below.
            return SafeString(_select(context["widget"]))
        return super().render(template_name, context, request)


def _options(widget: dict[str, Any]) -> list[dict[str, Any]]:
    return [option for _name, options, _number in widget["optgroups"] for option in options]


def _is_plain(option: dict[str, Any]) -> bool:
    return option["template_name"] == OPTION and isinstance(option["label"], str | int | Promise)


def _select(widget: dict[str, Any]) -> str:
    parts = [f'<select name="{_escaped(widget["name"])}"{_attributes(widget)}>']
    for group, options, _number in widget["optgroups"]:
        parts += [f'\n  <optgroup label="{_escaped(group)}">'] if group else []
        parts += [f"\n  {_option(option)}" for option in options]
        parts += ["\n  </optgroup>"] if group else []
    return "".join([*parts, "\n</select>"])


def _option(option: dict[str, Any]) -> str:
    value = conditional_escape(str(option["value"]))
    return f'<option value="{value}"{_attributes(option)}>{_escaped(option["label"])}</option>\n'


def _attributes(widget: dict[str, Any]) -> str:
    given = ((name, value) for name, value in widget["attrs"].items() if value is not False)
    return "".join(
        f" {_escaped(name)}" if value is True else f' {_escaped(name)}="{conditional_escape(str(value))}"'
        for name, value in given
    )


def _escaped(value: object) -> str:
    return conditional_escape(str(localize(value)))
