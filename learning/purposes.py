"""What course mails are about, told to the outbox."""

from collections.abc import Collection, Sequence
from typing import Any

from core import addresses
from core.emailkeys import email_key
from learning.enums import EnrolmentState
from learning.models import Cohort, Enrolment
from learning.services import notices
from learning.services.promoting import next_in_line
from mail import kinds
from mail.models import Message
from mail.purposes import Planned, Purpose


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


def planned_for(keys: Collection[str], person: Any) -> list[Planned]:
    """Return the seats that some addresses and an account get unless staff take them back, for which they wait.

    Cohorts hold seats back for some minutes only: it costs one statement where none does, and a few for each that does.
    """
    waiting = Enrolment.objects.filter(state=EnrolmentState.WAITLISTED, cohort__fills_at__isnull=False)
    own = waiting.filter(email_key__in=[email_key(one) for one in keys])
    if person is not None:
        own |= waiting.of_person(person)
    found = {one.pk: one.cohort for one in own.select_related("cohort__course").order_by("cohort", "pk")}
    return [
        Planned(str(kinds.label(notices.PROMOTED)), cohort.fills_at, _about(cohort))
        for cohort in dict.fromkeys(found.values())
        if cohort.fills_at is not None
        for one in next_in_line(cohort)
        if one.pk in found
    ]


def _about(cohort: Cohort) -> Purpose:
    return Purpose(cohort.course.title, addresses.public("cohort_moderate", cohort.slug))
