"""Wagtail's locales by language code, without a statement for each question."""

from django.db.models.signals import post_delete, post_save
from wagtail.models import Locale

from core.kept import Kept

_kept: Kept[dict[str, int]] = Kept(seconds=30)


def ids() -> dict[str, int]:
    """Return the primary key of each configured locale by its language code."""
    return _kept.get("ids", lambda: dict(Locale.objects.values_list("language_code", "pk")))


def code_of(locale_id: int) -> str:
    """Return the language code of a locale; a locale that is not configured has none, which is an empty string."""
    return next((code for code, pk in ids().items() if pk == locale_id), "")


def _forget(**kwargs: object) -> None:
    _kept.clear()


post_save.connect(_forget, sender=Locale, dispatch_uid="core.locales")
post_delete.connect(_forget, sender=Locale, dispatch_uid="core.locales")
