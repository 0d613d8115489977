"""What somebody typed into a form that was refused, so that the page in its place can give it back."""

from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from core import text

# By the names of the fields, which mean the same in every public form. Whatever is not named here is never given back:
# passwords, codes, tokens and keys, and what was chosen, which costs a reader nothing to choose again.
LABELS = {
    "own_name": _("Your name"),
    "display_name": _("Name"),
    "name": _("Name"),
    "email": _("E-mail address"),
    "login": _("E-mail address"),
    "organisation": _("Organisation"),
    "department": _("Department"),
    "role": _("Role"),
    "reason": _("Reason"),
    "lines": _("Colleagues"),
}
# More than any line holds; of a list of colleagues some hundreds.
MOST = 20_000


def given_back(sent: QueryDict) -> list[dict[str, object]]:
    """Return label and words of each field that was filled in by hand, without what cannot be seen."""
    words = {name: text.several_lines(sent.get(name, "")[:MOST]) for name in LABELS}
    return [{"label": LABELS[name], "value": value} for name, value in words.items() if value]
