"""The text search configurations of PostgreSQL that the first migration creates, one for each language."""

LANGUAGES = ("en", "fr", "es", "pt", "ar")


def name(language: str) -> str:
    """Return the configuration of a language; KeyError for a language that has none."""
    if language not in LANGUAGES:
        raise KeyError(language)
    return f"gkec_{language}"
