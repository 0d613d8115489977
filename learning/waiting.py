"""Why somebody waits for a seat, in the words of their own door and of the mail that leads there."""

from learning import cohort_words
from learning.enums import EnrolmentState
from learning.models import Enrolment
from learning.services import seats


def why_waiting(enrolment: Enrolment) -> list[str]:
    """Return what whoever waits reads of the seats: none is free, or their city has all that it may have."""
    if enrolment.state != EnrolmentState.WAITLISTED:
        return []
    counted = seats.count(enrolment.cohort)
    is_by_share = counted.has_spent_share(enrolment.local_government_id)
    return cohort_words.of_waiting(is_full=counted.free == 0, share=counted.per_city if is_by_share else None)
