"""What the mails of cohorts say, written from records at the moment they leave."""

from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core import clock
from learning import cohort_words
from learning.enums import Ending, EnrolmentState, TeamState
from learning.models import Enrolment, TeamRequest
from learning.rules import may_enrol
from learning.services import notices
from learning.waiting import why_waiting
from mail import kinds
from mail.isolates import isolate
from mail.kinds import MailKind, NoLongerMakesSense, Rendering
from mail.models import Message
from municipalities.rules import is_coordinator


def register_kinds() -> None:
    """Make the app's mails known to the outbox; called once, when the app is ready."""
    for name, render, label in (
        (notices.INVITATION, invitation, gettext_lazy("Invitation to a course")),
        (notices.WAITING, waiting, gettext_lazy("Place on the waiting list of a course")),
        (notices.PROMOTED, promoted, gettext_lazy("Seat in a course from the waiting list")),
        (notices.WITHDRAWN, withdrawn, gettext_lazy("Enrolment withdrawn")),
        (notices.ADMITTED, admitted, gettext_lazy("Application for a course accepted")),
        (notices.DECLINED, declined, gettext_lazy("Application for a course declined")),
        (notices.CALLED_OFF, called_off, gettext_lazy("Cohort cancelled")),
        (notices.NO_SEAT, no_seat, gettext_lazy("No seat became free in a course")),
        (notices.SENT, sent, gettext_lazy("Team enrolled, since its coordinator was approved")),
        (notices.LAPSED, lapsed, gettext_lazy("Team not enrolled, since nobody decided in time")),
    ):
        gives_way = name in notices.TO_ALL
        kinds.register(MailKind(name, render, label, expires=notices.expiries, gives_way=gives_way))


def invitation(message: Message) -> Rendering:
    """Write who invites to what, with the colleague's own door."""
    enrolment = _enrolment(message)
    _need(enrolment.state == EnrolmentState.INVITED, "The invitation does not wait any more.")
    return write_invitation(enrolment, message.language)


def write_invitation(enrolment: Enrolment, language: str) -> Rendering:
    """Return what `enrolment`, saved or not, reads in `language`, which is active, of an invitation."""
    message = Message(kind=notices.INVITATION, language=language)
    return _render(message, enrolment, subject=_("You are invited to learn together: %(title)s"))


def waiting(message: Message) -> Rendering:
    """Write what place somebody has on the waiting list, and why."""
    enrolment = _enrolment(message)
    _need(enrolment.state == EnrolmentState.WAITLISTED, "The person does not wait any more.")
    return write_waiting(enrolment, message.language, reasons=why_waiting(enrolment))


def write_waiting(enrolment: Enrolment, language: str, *, reasons: list[str]) -> Rendering:
    """Return what `enrolment`, saved or not, reads in `language`, which is active, of its place and why it waits."""
    message = Message(kind=notices.WAITING, language=language)
    return _render(message, enrolment, subject=_("You are on the waiting list: %(title)s"), reasons=reasons)


def promoted(message: Message) -> Rendering:
    """Write that somebody has a seat now, with the way in."""
    enrolment = _enrolment(message)
    _need(enrolment.has_seat, "The person has no seat any more.")
    return write_promoted(enrolment, message.language)


def write_promoted(enrolment: Enrolment, language: str) -> Rendering:
    """Return what `enrolment`, saved or not, reads in `language`, which is active, of its seat from the list."""
    message = Message(kind=notices.PROMOTED, language=language)
    return _render(message, enrolment, subject=_("You have a seat now: %(title)s"))


def withdrawn(message: Message) -> Rendering:
    """Write that the enrolment has ended, which stays true whether or not the cohort takes place."""
    enrolment = _enrolment(message, of_called_off=True)
    _need(enrolment.state == EnrolmentState.WITHDRAWN, "The person is enrolled.")
    return write_withdrawn(enrolment, message.language)


def write_withdrawn(enrolment: Enrolment, language: str) -> Rendering:
    """Return what `enrolment`, saved or not, reads in `language`, which is active, of its end; needs its `ending`."""
    message = Message(kind=notices.WITHDRAWN, language=language)
    subjects: dict[Ending | None, str] = {
        Ending.DECLINED: _("You have declined: %(title)s"),
        Ending.LEFT_LIST: _("You have left the waiting list: %(title)s"),
        Ending.TAKEN_BACK: _("Your request is taken back: %(title)s"),
    }
    subject = subjects.get(enrolment.ending) or _("Your enrolment is withdrawn: %(title)s")
    return _render(message, enrolment, subject=subject, opening=_of_end(enrolment))


def _of_end(enrolment: Enrolment) -> str:
    """Return the first sentence to somebody whose enrolment has ended; only who had joined has completed anything."""
    own: dict[Ending | None, str] = {
        Ending.DECLINED: _("You have declined the invitation to this cohort."),
        Ending.LEFT_LIST: _("You have left the waiting list of this cohort."),
        Ending.TAKEN_BACK: _("You have taken your request to take part in this cohort back."),
    }
    if enrolment.ending in own:
        return own[enrolment.ending]
    if enrolment.joined_at is None:
        return _("You are not enrolled in this cohort any more.")
    return _("You are not enrolled in this cohort any more. What you have completed stays on record.")


def admitted(message: Message) -> Rendering:
    """Write that the moderators accepted an application."""
    enrolment = _enrolment(message)
    _need(enrolment.has_seat or enrolment.place is not None, "The person is not enrolled any more.")
    return write_admitted(enrolment, message.language)


def write_admitted(enrolment: Enrolment, language: str) -> Rendering:
    """Return what `enrolment`, saved or not, reads in `language`, which is active, of being accepted."""
    message = Message(kind=notices.ADMITTED, language=language)
    return _render(message, enrolment, subject=_("Your application is accepted: %(title)s"))


def declined(message: Message) -> Rendering:
    """Write that the moderators declined an application, and why if they said so: true of a called-off cohort too."""
    enrolment = _enrolment(message, of_called_off=True)
    _need(enrolment.state == EnrolmentState.DECLINED, "The application is not declined.")
    because = enrolment.declined_because
    return _render(
        message,
        enrolment,
        subject=_("Your application is declined: %(title)s"),
        because=_("The reason: %(reason)s") % {"reason": isolate(because)} if because else "",
    )


def called_off(message: Message) -> Rendering:
    """Write that the cohort does not take place, unless it does after all."""
    enrolment = _enrolment(message, of_called_off=True)
    since = enrolment.cohort.called_off_at
    _need(since is not None and since.isoformat() == message.params["called_off"], "The cohort was restored.")
    return write_called_off(enrolment, message.language)


def write_called_off(enrolment: Enrolment, language: str) -> Rendering:
    """Return what `enrolment`, saved or not, reads in `language`, which is active, of a cohort that is called off."""
    message = Message(kind=notices.CALLED_OFF, language=language)
    has_joined = enrolment.joined_at is not None
    return _render(message, enrolment, subject=_("Cohort cancelled: %(title)s"), has_joined=has_joined)


def no_seat(message: Message) -> Rendering:
    """Write to somebody who waited, or whose application nobody decided on, that the cohort gives no more seats."""
    enrolment = _enrolment(message)
    _need(enrolment.state == EnrolmentState.LAPSED, "The person does not wait in vain.")
    return write_no_seat(enrolment, message.language)


def write_no_seat(enrolment: Enrolment, language: str) -> Rendering:
    """Return what `enrolment`, saved or not, reads in `language`, which is active, of waiting in vain."""
    message = Message(kind=notices.NO_SEAT, language=language)
    has_waited = enrolment.waiting_number is not None
    subject = _("No seat became free: %(title)s") if has_waited else _("Your application is declined: %(title)s")
    return _render(message, enrolment, subject=subject)


def sent(message: Message) -> Rendering:
    """Write to a coordinator who was approved that the invitations have left, and how everybody stands."""
    team = _team(message, TeamState.SENT)
    _need(not team.cohort.is_called_off, "The cohort is called off.")
    people = Enrolment.objects.filter(team=team)
    theirs = Enrolment.objects.of_team(team.cohort_id, team.local_government_id).live()
    counts = {
        "invited": people.live().seated().count(),
        "waiting": people.filter(state=EnrolmentState.WAITLISTED).count(),
        "applied": people.filter(state=EnrolmentState.APPLIED).count(),
        # Whom the city has enrolled otherwise meanwhile lacks nothing.
        "refused": people.filter(state=EnrolmentState.LAPSED).exclude(email_key__in=theirs.values("email_key")).count(),
    }
    _need(any(counts.values()), "Nobody of the team is enrolled any more.")
    return write_sent(team, counts)


def write_sent(team: TeamRequest, counts: dict[str, int]) -> Rendering:
    """Return what the coordinator of a team, saved or not, reads of how many were invited, wait or apply."""
    return _to_coordinator(
        team,
        subject=_subject_of(counts),
        paragraphs=[
            *([_("You are approved as coordinator, and the invitations have left.")] if counts["invited"] else []),
            *(cohort_words.of_outcome(name, number) for name, number in counts.items() if number),
        ],
    )


def _subject_of(counts: dict[str, int]) -> str:
    if counts["applied"]:
        return _("Your team has applied: %(title)s")
    if counts["invited"] or counts["waiting"]:
        return _("Your team is enrolled: %(title)s")
    return _("Your team is not enrolled: %(title)s")


def lapsed(message: Message) -> Rendering:
    """Write to a coordinator that a draft has held its seats for long enough."""
    team = _team(message, TeamState.LAPSED)
    # Whoever wrote them down may have been approved since.
    is_approved = team.coordinator is not None and is_coordinator(team.coordinator, team.local_government_id)
    said = cohort_words.of_drafts_let_go(is_approved=is_approved)
    return _to_coordinator(team, subject=_("Your team is not enrolled: %(title)s"), paragraphs=[said])


def _team(message: Message, state: TeamState) -> TeamRequest:
    teams = TeamRequest.objects.select_related("cohort__course", "local_government", "coordinator")
    team = teams.filter(pk=message.params["team"], state=state).first()
    if team is None or team.coordinator is None:
        raise NoLongerMakesSense("The draft is gone.")
    _need(may_enrol(team.coordinator, team.local_government_id), "The recipient does not wait any more.")
    return team


def _to_coordinator(team: TeamRequest, *, subject: str, paragraphs: list[str]) -> Rendering:
    title = cohort_words.about(team.cohort, None)["course_title"]
    return Rendering(
        subject=subject % {"title": isolate(title)},
        template="mail/notice",
        context={
            "paragraphs": paragraphs,
            "button": {
                "label": _("The team"),
                "url": settings.BASE_URL + reverse("my_team", args=[team.cohort.slug, team.local_government.slug]),
            },
            "reason": _("You get this mail because your account is about to represent a city, or does."),
        },
    )


def door_url(enrolment: Enrolment) -> str:
    """Return the absolute address of somebody's own door."""
    return settings.BASE_URL + reverse("learning_door", args=[enrolment.token])


def _need(condition: bool, otherwise: str) -> None:
    if not condition:
        raise NoLongerMakesSense(otherwise)


def _enrolment(message: Message, *, of_called_off: bool = False) -> Enrolment:
    found = (
        Enrolment.objects.with_place()
        .with_reason()
        .with_shown_state()
        .select_related("cohort__course", "local_government", "team__coordinator")
    )
    enrolment = found.filter(pk=message.params["enrolment"], erased_at=None).first()
    if enrolment is None:
        raise NoLongerMakesSense("The enrolment is gone.")
    _need(of_called_off or not enrolment.cohort.is_called_off, "The cohort is called off.")
    _need(clock.now() < enrolment.cohort.ends_at, "The cohort is over.")
    return enrolment


def _render(message: Message, enrolment: Enrolment, *, subject: str, **more: Any) -> Rendering:
    cohort = enrolment.cohort
    about = cohort_words.about(cohort, None)
    city, team = enrolment.local_government, enrolment.team
    return Rendering(
        subject=subject % {"title": isolate(about["course_title"])},
        template=f"mail/{TEMPLATES.get(message.kind, message.kind)}",
        context={
            "enrolment": enrolment,
            "cohort": cohort,
            "title": about["course_title"],
            "title_language": about["course_language"],
            "facts": [{"term": _("Cohort"), "value": cohort.name}, *cohort_words.facts(cohort)],
            "city": city.name_in(message.language) if city else "",
            "coordinator": team.coordinator.get_full_name() if team and team.coordinator else "",
            "door_url": door_url(enrolment),
            "cohorts_url": settings.BASE_URL + reverse("cohorts"),
            "reason": _("You get this mail because this address was enrolled in this course."),
            **more,
        },
    )


# The words of these differ in one sentence only.
TEMPLATES = {notices.ADMITTED: "enrolment-decided", notices.DECLINED: "enrolment-decided"}
