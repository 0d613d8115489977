"""Wagtail's locales by language code, without a statement for each question."""

from django.db.models.signals import post_delete, post_save
from wagtail.models import Locale

from core.kept import Kept

_kept: Kept[dict[int, Locale]] = Kept(seconds=30)


def by_id() -> dict[int, Locale]:
    """Return the configured locales by their primary key."""
    return _kept.get("locales", lambda: {locale.pk: locale for locale in Locale.objects.all()})


def ids() -> dict[str, int]:
    """Return the primary key of each configured locale by its language code."""
    return {locale.language_code: pk for pk, locale in by_id().items()}


def code_of(locale_id: int) -> str:
    """Return the language code of a locale; a locale that is not configured has none, which is an empty string."""
    locale = by_id().get(locale_id)
    return locale.language_code if locale else ""


def _forget(**kwargs: object) -> None:
    _kept.clear()


post_save.connect(_forget, sender=Locale, dispatch_uid="core.locales")
post_delete.connect(_forget, sender=Locale, dispatch_uid="core.locales")
