"""What the workers do for those who represent cities."""

from celery import shared_task

from municipalities.services import carry_out_decisions as carry_out
from municipalities.services import end_overdue, notices


@shared_task(name="municipalities.tasks.daily", ignore_result=True)
def daily() -> None:
    """End what has passed its last day, and tell staff of what waits for them."""
    end_overdue()
    notices.remind_staff()


@shared_task(name="municipalities.tasks.carry_out_decisions", ignore_result=True)
def carry_out_decisions() -> None:
    """Carry out the decisions that write to many and that nobody has taken back."""
    carry_out()
