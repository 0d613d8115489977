"""The sentences that people agree to and take back, word for word as they are shown and logged.

Whoever changes a sentence or a translation of it raises the version: a form that was opened before is shown again. The
words of every version stand in tests/catalogues/test_consents.py, which fails on words that are not their version's.
"""

from django.utils.translation import gettext as _

from accounts.services.consents import Wording
from core import languages

PURPOSE = "newsletter"
VERSION = "1"


def agreeing() -> Wording:
    """Return what somebody agrees to who asks for the newsletter, in the active language."""
    return _worded(_("Send me the GKEC newsletter by e-mail. I can end this at any time with a link in each mail."))


def leaving() -> Wording:
    """Return what somebody says who unsubscribes, in the active language."""
    return _worded(_("Do not send me the GKEC newsletter any more."))


def _worded(text: str) -> Wording:
    return Wording(text=text, version=VERSION, language=languages.current())
