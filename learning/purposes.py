"""What course mails are about, told to the outbox."""

from collections.abc import Sequence

from core import addresses
from learning.models import Enrolment
from mail.models import Message
from mail.purposes import Purpose


def of_messages(messages: Sequence[Message]) -> dict[int, Purpose]:
    """Return the cohort and person behind each message that names an enrolment; one statement for all."""
    wanted = {one.pk: one.params["enrolment"] for one in messages if "enrolment" in one.params}
    if not wanted:
        return {}
    rows = Enrolment.objects.filter(pk__in=wanted.values()).select_related("cohort__course")
    found = {one.pk: one for one in rows}
    return {
        message_pk: Purpose(
            label=f"{found[pk].cohort.course.title} ({found[pk]})",
            url=addresses.public("cohort_moderate", found[pk].cohort.slug),
        )
        for message_pk, pk in wanted.items()
        if pk in found
    }
