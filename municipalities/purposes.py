"""What mails about memberships are about, told to the outbox."""

from collections.abc import Sequence

from mail.models import Message
from mail.purposes import Purpose
from municipalities.models import Membership


def of_messages(messages: Sequence[Message]) -> dict[int, Purpose]:
    """Return the person and city behind each message that names a membership; one statement for all."""
    wanted = {one.pk: one.params["membership"] for one in messages if "membership" in one.params}
    if not wanted:
        return {}
    found = {one.pk: one for one in Membership.objects.for_display().filter(pk__in=wanted.values())}
    return {message: Purpose(label=str(found[key])) for message, key in wanted.items() if key in found}
