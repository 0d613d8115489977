"""The meeting's own address."""

import uuid

from django.db import transaction

from events.models import JoinLink


@transaction.atomic
def set_join_link(*, translation_key: uuid.UUID, url: str) -> None:
    """Store where the event meets, or forget it when `url` is empty; the address enters no log and no revision."""
    if url:
        JoinLink.objects.update_or_create(translation_key=translation_key, defaults={"url": url})
    else:
        JoinLink.objects.filter(translation_key=translation_key).delete()
