"""What the workers do for events."""

from celery import shared_task

from events.services import announce_changes, give_held_seats, reminding, sweeping


@shared_task(name="events.tasks.sweep", ignore_result=True)
def sweep() -> None:
    """Bring up to date what no signal announced."""
    sweeping.sweep()


@shared_task(name="events.tasks.remind", ignore_result=True)
def remind() -> None:
    """Put the reminders that are due into the outbox."""
    reminding.remind()


@shared_task(name="events.tasks.announce", ignore_result=True)
def announce() -> None:
    """Give seats and tell people of changes whose undo window has passed; who gets a seat reads of both in one mail."""
    give_held_seats()
    announce_changes()
