"""What the workers do for those who represent cities."""

from celery import shared_task

from municipalities.services import end_overdue, notices


@shared_task(name="municipalities.tasks.daily", ignore_result=True)
def daily() -> None:
    """End what has passed its last day, and tell staff of what waits for them."""
    end_overdue()
    notices.remind_staff()
