"""Whether an account is being ended: whatever came to it in that moment would be in the way of its end."""

from django.db import connection

from accounts.models import User

# Any number that nothing else of this database takes; the account's own is the second half of the key.
_ENDING = 0x656E64


def before_ending(*, person_id: int) -> None:
    """Wait for those who give the account something, and let nobody begin until the transaction ends.

    Call it before anything is locked.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [_ENDING, person_id % 2**31])


def may_be_given(*, person_id: int) -> bool:
    """Return whether the account is there and not being ended, and keep it so until the transaction ends.

    Never waits, so that it can be asked whatever the caller has locked.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock_shared(%s, %s)", [_ENDING, person_id % 2**31])
        is_free = cursor.fetchone()[0]
    return is_free and User.objects.filter(pk=person_id).exists()
