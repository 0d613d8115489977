"""What the workers do for the foundation."""

from celery import shared_task

from core.services import publishing


@shared_task(name="core.tasks.publish_due", ignore_result=True)
def publish_due() -> None:
    """Publish and take down what is due."""
    publishing.publish_due()
