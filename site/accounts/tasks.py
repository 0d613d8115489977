"""What is done about people in the background."""

from celery import shared_task
from django.contrib.sessions.models import Session

from accounts import services
from core import clock


@shared_task
def tidy() -> None:
    """Delete sessions that have expired, and old notes of erasures. Unconfirmed sign-ups go with the nightly purge."""
    Session.objects.filter(expire_date__lt=clock.now()).delete()
    services.forget_old_notes()
