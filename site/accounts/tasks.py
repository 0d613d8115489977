"""What is done about people in the background."""

from celery import shared_task
from django.contrib.sessions.models import Session

from core import clock


@shared_task
def tidy() -> None:
    """Delete sessions that have expired. Sign-ups that nobody confirmed go with the nightly purge."""
    Session.objects.filter(expire_date__lt=clock.now()).delete()
