"""What is done about people in the background."""

from celery import shared_task

from accounts import services


@shared_task
def tidy() -> None:
    """Delete sessions that have expired, and old notes of erasures. Unconfirmed sign-ups go with the nightly purge."""
    services.forget_expired_sessions()
    services.forget_old_notes()
