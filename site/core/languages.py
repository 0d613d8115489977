"""The site's languages: their codes, directions and the order in which they stand in for each other."""

from django.conf import settings
from django.utils.translation import get_language, get_language_info


def codes() -> list[str]:
    """Return the codes of the configured languages in their configured order."""
    return [code for code, _name in settings.LANGUAGES]


def direction(code: str) -> str:
    """Return "rtl" or "ltr" for a language code."""
    return "rtl" if get_language_info(code)["bidi"] else "ltr"


def own_name(code: str) -> str:
    """Return the language's name in itself, such as "français"."""
    return get_language_info(code)["name_local"]


def current() -> str:
    """Return the active language if the site has it, else the default."""
    return nearest(get_language() or settings.LANGUAGE_CODE)


def nearest(code: str) -> str:
    """Return the language itself or, of a regional one, its base if the site has it, else the default."""
    base = code.partition("-")[0].lower()
    return base if base in codes() else settings.LANGUAGE_CODE


def fallback_chain(code: str) -> list[str]:
    """Return the codes to try for a reader of `code`: theirs, then English, then the others."""
    return list(dict.fromkeys([code, settings.LANGUAGE_CODE, *codes()]))
