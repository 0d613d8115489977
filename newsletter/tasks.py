"""What the workers do for the newsletter."""

from celery import shared_task

from newsletter.services import advance_campaigns


@shared_task(name="newsletter.tasks.advance", ignore_result=True)
def advance() -> None:
    """Write down which campaigns leave by now and which have ended."""
    advance_campaigns()
