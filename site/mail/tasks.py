"""What the workers do: one task a batch, and the sweep that beat asks for."""

from celery import shared_task

from mail import doorbell
from mail.services import delivery, sweeping


@shared_task(name="mail.tasks.deliver", ignore_result=True)
def deliver(stream: str) -> None:
    """Deliver one batch of a stream; each rings for the next where it is full, or over before its messages are."""
    delivery.deliver(stream=stream, ring=lambda: doorbell.ring_now(stream))


@shared_task(name="mail.tasks.sweep", ignore_result=True)
def sweep() -> None:
    """Put right what was left lying and ring for what is due."""
    for stream in sweeping.sweep().due:
        doorbell.ring_now(stream)
