"""What the workers do for events."""

from celery import shared_task

from events.services import sweeping


@shared_task(name="events.tasks.sweep", ignore_result=True)
def sweep() -> None:
    """Bring up to date what no signal announced."""
    sweeping.sweep()
