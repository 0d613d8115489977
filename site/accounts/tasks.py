"""What is done about people in the background."""

from datetime import timedelta

from celery import shared_task
from django.conf import settings
from django.contrib.sessions.models import Session

from accounts import services
from core import clock


@shared_task
def tidy() -> None:
    """Delete sign-ups that nobody confirmed within UNCONFIRMED_KEPT_DAYS, and sessions that have expired."""
    try:
        services.forget_unconfirmed(older_than=timedelta(days=settings.UNCONFIRMED_KEPT_DAYS))
    finally:
        # What stops the one must not let sessions pile up.
        Session.objects.filter(expire_date__lt=clock.now()).delete()
