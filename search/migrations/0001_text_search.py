"""The extensions and text search configurations that the index is made with."""

from django.contrib.postgres.operations import TrigramExtension, UnaccentExtension
from django.db import migrations

STOCK = {
    "en": ("english", "english_stem"),
    "fr": ("french", "french_stem"),
    "es": ("spanish", "spanish_stem"),
    "pt": ("portuguese", "portuguese_stem"),
    "ar": ("arabic", "arabic_stem"),
}


def configuration(language: str, stock: str, stemmer: str) -> migrations.RunSQL:
    """A copy of the stock configuration that takes accents off before it looks for the stem.

    The Arabic stemmer does the same for vowel signs, tatweel and the forms of alef.
    """
    return migrations.RunSQL(
        sql=[
            f"CREATE TEXT SEARCH CONFIGURATION gkec_{language} (COPY = {stock})",
            f"ALTER TEXT SEARCH CONFIGURATION gkec_{language} "
            f"ALTER MAPPING FOR hword, hword_part, word WITH unaccent, {stemmer}",
        ],
        reverse_sql=f"DROP TEXT SEARCH CONFIGURATION gkec_{language}",
    )


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        UnaccentExtension(),
        TrigramExtension(),
        *(configuration(language, *parts) for language, parts in STOCK.items()),
    ]
