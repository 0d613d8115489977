"""What the workers do for the foundation."""

from celery import shared_task

from core.services import publishing, purging, translating


@shared_task(name="core.tasks.publish_due", ignore_result=True)
def publish_due() -> None:
    """Publish and take down what is due."""
    publishing.publish_due()


@shared_task(name=translating.TASK, ignore_result=True)
def translate_subtree(job_id: int) -> None:
    """Prepare the pages below a page for translation."""
    translating.translate(job_id=job_id)


@shared_task(name="core.tasks.translate_waiting", ignore_result=True)
def translate_waiting() -> None:
    """Do what a killed worker or a silent broker left waiting."""
    translating.translate_waiting()


@shared_task(name="core.tasks.purge", ignore_result=True)
def purge() -> None:
    """Forget the personal data whose time is over."""
    purging.purge()
