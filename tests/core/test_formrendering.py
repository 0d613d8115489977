"""A long list of choices is written as Django would write it, but for its empty lines."""

import re

import pytest
from django import forms
from django.forms.renderers import DjangoTemplates, get_default_renderer
from django.utils.functional import lazystr
from django.utils.safestring import mark_safe

from core.formrendering import FormRenderer

PLAIN = [("", "—"), ("FI", "Finland"), (1, "One"), (True, "Yes"), ("<b>", "<script>'\"&"), ("s", mark_safe("<i>s</i>"))]
LAZY = [(lazystr("fr"), lazystr("L'Île & moi"))]
GROUPED = [("", "None"), ("Europe", [("FI", "Finland"), ("FR", "France")]), ("<A&B>", LAZY)]


class Marked(forms.Select):
    """A list of which some options carry attributes of their own."""

    def create_option(self, *args, **kwargs):
        option = super().create_option(*args, **kwargs)
        option["attrs"] |= {"disabled": option["value"] == "FR", "data-label": "<é>", "data-none": None, "hidden": True}
        return option


class OtherOption(forms.Select):
    """A list that brings a template of its own for its options."""

    option_template_name = "django/forms/widgets/radio_option.html"


def without_empty_lines(markup: str) -> str:
    """Return it without the line that each of Django's options leaves behind it."""
    return re.sub(r"\n(?=\n)", "", markup)


@pytest.mark.parametrize("choices", [[], PLAIN, LAZY, GROUPED])
@pytest.mark.parametrize("value", [None, "", "FI", ["FR", "<b>"], 1, True])
@pytest.mark.parametrize("widget", [forms.Select, forms.SelectMultiple, Marked, OtherOption])
def test_a_list_reads_as_from_django_s_own_templates(widget, value, choices):
    field = widget(attrs={"id": 'a"b', "required": True, "size": 3, "disabled": False}, choices=choices)
    ours = field.render("the<name>", value, renderer=FormRenderer())
    theirs = field.render("the<name>", value, renderer=DjangoTemplates())
    assert without_empty_lines(ours) == without_empty_lines(theirs)
    assert type(ours) is type(theirs)


def test_a_choice_of_yes_no_and_unknown_reads_as_from_django():
    field = forms.NullBooleanSelect()
    ours = field.render("a", True, renderer=FormRenderer())
    assert ours == without_empty_lines(field.render("a", True, renderer=DjangoTemplates()))


def test_the_site_uses_it():
    assert type(get_default_renderer()) is FormRenderer
