"""The site's languages: their codes, directions and the order in which they stand in for each other."""

from collections.abc import Iterator

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import get_language, get_language_info
from django.utils.translation.trans_real import parse_accept_lang_header


def codes() -> list[str]:
    """Return the codes of the configured languages in their configured order."""
    return [code for code, _name in settings.LANGUAGES]


def direction(code: str) -> str:
    """Return "rtl" or "ltr" for a language code."""
    return "rtl" if get_language_info(code)["bidi"] else "ltr"


def own_name(code: str) -> str:
    """Return the language's name in itself, such as "français", as it stands within a sentence of its own."""
    name = get_language_info(code)["name_local"]
    return name if code == "en" else name.lower()


def choices() -> list[tuple[str, str]]:
    """Return (code, own name) pairs in the configured order."""
    return [(code, own_name(code)) for code in codes()]


def in_cldr(code: str) -> str:
    """Return under which name Unicode CLDR has the words of a language of the site: its Portuguese is Europe's."""
    return "pt_PT" if code == "pt" else code


def shown_name(code: str) -> str:
    """Return `own_name` of a language of the site, and any other code as it is: old rows may hold one."""
    return own_name(code) if code in codes() else code


def name_in_sentence(code: str) -> str:
    """Return the language's name in the active language, as it stands within a sentence: only English writes it large.

    Arabic has no small letters.
    """
    name = get_language_info(code)["name_translated"]
    return name if current() == "en" else name.lower()


def current() -> str:
    """Return the active language if the site has it, else the default."""
    return nearest(get_language() or settings.LANGUAGE_CODE)


def nearest(code: str) -> str:
    """Return the language itself or, of a regional one, its base if the site has it, else the default."""
    base = code.partition("-")[0].lower()
    return base if base in codes() else settings.LANGUAGE_CODE


def with_colon(label: object) -> str:
    """Put a colon after a label, and in French the gap that goes before it; a question needs none."""
    if str(label).endswith(("?", "؟")):
        return str(label)
    gap = "\u00a0" if current() == "fr" else ""
    return f"{label}{gap}:"


def of_reader(request: HttpRequest) -> str:
    """Return the language in which a visitor reads, as far as they have said so; nothing when they have not.

    The account's comes first, then the one last chosen (a cookie), then the first in the browser's list that the site
    has. Nothing is kept of a page that asks, unless it varies by all three.
    """
    for code in _said_by(request):
        if code == "*":
            break
        base = code.partition("-")[0].lower()
        if base in codes():
            return base
    return ""


def _said_by(request: HttpRequest) -> Iterator[str]:
    # Without the cookie nobody is signed in, and the session need not be opened.
    if settings.SESSION_COOKIE_NAME in request.COOKIES:
        yield getattr(request.user, "language", "")
    yield request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
    for code, _weight in parse_accept_lang_header(request.headers.get("Accept-Language", "")):
        yield code


def fallback_chain(code: str) -> list[str]:
    """Return the codes to try for a reader of `code`: theirs, then English, then the others."""
    return list(dict.fromkeys([code, settings.LANGUAGE_CODE, *codes()]))
