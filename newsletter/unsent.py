"""Why a message of a campaign was not sent, where no server said so: kept in English, shown in words of our own."""

from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from mail.models import Message
from mail.rendering import NOBODY_KNOWN
from mail.services.holding import BECAUSE as HELD_BACK

if TYPE_CHECKING:
    from django.utils.functional import Promise

CANCELLED = "The campaign has been cancelled."
ENDED = "The subscription has ended."
BLOCKED = "The address has been blocked."
DELETED = "The issue has been deleted."

_SHOWN: "dict[str, Promise]" = {
    CANCELLED: _("the campaign was cancelled before it left"),
    ENDED: _("the subscription ended after the audience was frozen"),
    BLOCKED: _("the address was blocked after the audience was frozen"),
    DELETED: _("the issue was deleted before it left"),
    NOBODY_KNOWN: _("the subscription was erased after the audience was frozen"),
    HELD_BACK: _("held back after the restore of a backup: it may have left before"),
}


def why(message: Message) -> str:
    """Return why a message was not accepted, in the active language; more than its reason tells where we know more."""
    said = _SHOWN.get(message.own_words)
    return str(said or message.get_reason_display())
