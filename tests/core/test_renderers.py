"""Fields of forms look exactly as Django's own templates make them."""

import pytest
from django import forms
from django.forms.renderers import DjangoTemplates, get_default_renderer
from django.utils import translation
from django.utils.safestring import mark_safe
from django.utils.translation import gettext_lazy

from core.renderers import FormRenderer

PLAIN = [("", gettext_lazy("Choose")), ("a&b", "A <b>\"bold\"</b> & 'quoted'"), (7, 2026), (None, "Nothing")]
GROUPED = [("<Europe>", [("be", "Belgium"), ("fr", mark_safe("<i>France</i>"))]), ("xx", "Elsewhere")]


class Explained(forms.Select):
    """A select whose options have a template of their own."""

    option_template_name = "django/forms/widgets/checkbox_option.html"


WIDGETS = {
    "plain": (forms.Select(choices=PLAIN), "a&b"),
    "grouped": (forms.Select(choices=GROUPED), "fr"),
    "several": (forms.SelectMultiple(choices=PLAIN), ["7", ""]),
    "three answers": (forms.NullBooleanSelect(), True),
    "empty": (forms.Select(), None),
    "attributes": (forms.Select({"required": True, "disabled": False, "data-x": '"><', "size": 3}, PLAIN), ""),
    "options of its own": (Explained(choices=PLAIN), "7"),
    "no list": (forms.TextInput({"maxlength": 4}), '"<'),
}


@pytest.mark.parametrize("name", WIDGETS)
@pytest.mark.parametrize("language", ["en", "ar"])
def test_a_field_is_byte_for_byte_what_djangos_templates_make(name: str, language: str) -> None:
    translation.activate(language)
    widget, value = WIDGETS[name]
    html = widget.render("field<", value, {"id": "id_field"}, renderer=FormRenderer())
    assert html == widget.render("field<", value, {"id": "id_field"}, renderer=DjangoTemplates())
    assert hasattr(html, "__html__")


def test_every_form_of_the_site_is_rendered_so() -> None:
    assert isinstance(get_default_renderer(), FormRenderer)
