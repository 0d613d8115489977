"""Asking for mails about enrolments; the key says what the mail is for, so asking twice sends once.

`learning.mails` writes them. Each gets the key of its enrolment as `params["enrolment"]`.
"""

from collections.abc import Iterable

from learning.models import Cohort, Enrolment
from mail.enums import Stream
from mail.services.asking_many import Asked, enqueue_many

# A seat and the way in, from a coordinator; the leaver's successor gets one too.
INVITATION = "team-invitation"
# A place on the waiting list.
WAITING = "enrolment-waiting"
# A seat from the waiting list: with the way in for those who have not joined, else with the way to the course.
PROMOTED = "enrolment-promoted"
# The enrolment has ended before its time.
WITHDRAWN = "enrolment-withdrawn"
# What a moderator decided on somebody's own application.
ADMITTED = "application-admitted"
DECLINED = "application-declined"


def invite(cohort: Cohort, enrolments: Iterable[Enrolment]) -> None:
    """Ask for the invitations of people who got a seat at once."""
    _ask(INVITATION, cohort, enrolments)


def say_waiting(cohort: Cohort, enrolments: Iterable[Enrolment]) -> None:
    """Ask for the mails that tell the place on the waiting list."""
    _ask(WAITING, cohort, enrolments)


def say_promoted(cohort: Cohort, enrolments: Iterable[Enrolment]) -> None:
    """Ask for the mails of people who got a seat from the waiting list."""
    _ask(PROMOTED, cohort, enrolments)


def say_withdrawn(cohort: Cohort, enrolments: Iterable[Enrolment]) -> None:
    """Ask for the mails that tell people that they are not enrolled any more."""
    _ask(WITHDRAWN, cohort, enrolments)


def say_admitted(cohort: Cohort, enrolment: Enrolment) -> None:
    """Ask for the mail that tells somebody that their application was accepted."""
    _ask(ADMITTED, cohort, [enrolment])


def say_declined(cohort: Cohort, enrolment: Enrolment) -> None:
    """Ask for the mail that tells somebody that their application was declined."""
    _ask(DECLINED, cohort, [enrolment])


def _ask(kind: str, cohort: Cohort, enrolments: Iterable[Enrolment]) -> None:
    asked = [
        Asked(
            key=f"{kind}:{one.uuid}",
            to=one.email,
            to_name=one.name,
            language=one.language,
            params={"enrolment": one.pk},
            expires_at=cohort.ends_at,
            person_id=one.person_id,
        )
        for one in enrolments
    ]
    if asked:
        enqueue_many(kind=kind, asked=asked, stream=Stream.TRANSACTIONAL)
