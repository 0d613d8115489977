"""What people were mailed about their memberships."""

from mail.models import Message


def mails() -> list[tuple[str, str]]:
    """Return kind and address of all mails, as they were asked for."""
    return list(Message.objects.order_by("pk").values_list("kind", "to_address"))
