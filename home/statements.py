"""The site's own sentences for apps beneath that show them too, such as the foot of every mail."""

from core.kept import Kept
from home.models import SiteText

# A mail-out asks once a minute, not once a message.
_kept: Kept[str] = Kept(seconds=60)


def funding_statement(language: str) -> str:
    """Return the funding statement as staff wrote it for readers of `language`, or nothing where there is none."""
    return _kept.get(language, lambda: _read(language))


def _read(language: str) -> str:
    texts = SiteText.objects.for_reader(language)
    return texts.funding_statement if texts else ""
