"""Keeping private pages private."""

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from wagtail.models import Page


class AliasOfPrivatePage(ValidationError):
    """A private page may not be shown again at a second place."""

    def __init__(self) -> None:
        super().__init__(_("This page is private, so it cannot have an alias. Link to it instead."), code="private")


def refuse_alias(*, source: Page) -> None:
    """Raise AliasOfPrivatePage when `source` or a page above it is private."""
    if source.specific_deferred.get_view_restrictions().exists():
        raise AliasOfPrivatePage
