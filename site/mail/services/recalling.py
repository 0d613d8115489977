"""Having mails written anew whose words a worker may have ready, because what they tell of has changed."""

from django.db import transaction
from django.db.models import QuerySet

from mail import doorbell
from mail.enums import State
from mail.models import Message


@transaction.atomic(savepoint=False)
def recall(messages: "QuerySet[Message]") -> int:
    """Put back those of `messages` that a worker has taken and not begun, so that the next one writes them anew.

    A mail is written from what is committed, some time before it begins to leave. Whoever changes what mails tell of
    calls this in the same transaction: the worker finds its lease gone, and until the commit no other may take what
    waits. So whatever begins afterwards was written afterwards. Returns how many were put back.
    """
    found = messages.order_by("pk").select_for_update(of=("self",)).values_list("pk", "state", "stream", "due_at")
    taken = [(pk, stream, due_at) for pk, state, stream, due_at in found if state == State.LEASED]
    if not taken:
        return 0
    for _pk, stream, due_at in taken:
        doorbell.ring_on_commit(stream, due_at=due_at)
    put_back = Message.objects.filter(pk__in=[pk for pk, _stream, _due_at in taken], state=State.LEASED)
    return put_back.update(state=State.QUEUED, lease_id=None, leased_until=None)
