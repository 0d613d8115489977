"""Languages that may be spoken, interpreted or captioned at an event, named by CLDR in the reader's language."""

from functools import lru_cache

from babel import Locale

from core import languages

# The official languages of the European Union and of the United Nations, and those of the invited cities.
CODES = [
    "ar",
    "bg",
    "bs",
    "cs",
    "da",
    "de",
    "el",
    "en",
    "es",
    "et",
    "fi",
    "fr",
    "ga",
    "hi",
    "hr",
    "hu",
    "id",
    "it",
    "ja",
    "ko",
    "lt",
    "lv",
    "mk",
    "mt",
    "nl",
    "no",
    "pl",
    "pt",
    "ro",
    "ru",
    "sk",
    "sl",
    "sq",
    "sr",
    "sv",
    "sw",
    "th",
    "tr",
    "uk",
    "ur",
    "vi",
    "zh",
]


@lru_cache(maxsize=512)
def name(code: str, language: str) -> str:
    """Return the language's name as readers of `language` write it in running text."""
    return Locale.parse(languages.in_cldr(language)).languages.get(code, code)


def choices(language: str) -> list[tuple[str, str]]:
    """Return code and name of each language, in alphabetical order of the names."""
    return sorted(((code, name(code, language)) for code in CODES), key=lambda pair: pair[1].casefold())
