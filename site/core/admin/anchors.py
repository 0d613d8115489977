"""The anchors of panels in the admin's forms, the same for whoever reads them."""

from django.conf import settings
from django.utils.translation import override
from wagtail.admin.panels import Panel

_stock = Panel.clean_name


def connect() -> None:
    """Let Wagtail name panels by their English headings; called once, when the app is ready.

    It keeps the names that a form has when it is first shown, made of headings in the language of whoever saw it
    first: each process had anchors of its own, and a link to one led nowhere in the next.
    """
    Panel.clean_name = property(_in_english)


def _in_english(panel: Panel) -> str:
    with override(settings.LANGUAGE_CODE):
        return _stock.fget(panel)
