"""What the mails about memberships say, written from records at the moment they leave."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urljoin

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from core import dates
from mail import kinds
from mail.isolates import isolate
from mail.kinds import MailKind, NoLongerMakesSense, Rendering
from mail.models import Message
from municipalities import rules, running
from municipalities.enums import MembershipState
from municipalities.models import Membership
from municipalities.running import RunningTeam
from municipalities.services import notices


def register_kinds() -> None:
    """Make the app's mails known to the outbox; called once, when the app is ready."""
    for name, render, label in (
        (notices.APPROVED, approved, gettext_lazy("Somebody may represent a city")),
        (notices.DECLINED, declined, gettext_lazy("A request to represent a city was declined")),
        (notices.ENDED, ended, gettext_lazy("A membership has ended")),
        (notices.LAST_DAY, last_day, gettext_lazy("The last day of a membership")),
        (notices.APPOINTED, appointed, gettext_lazy("Somebody coordinates a city's team")),
        (notices.ASKED, asked, gettext_lazy("A colleague asks to represent a city")),
        (notices.QUEUE, queue, gettext_lazy("Requests to represent a city")),
    ):
        kinds.register(MailKind(name, render, label))


def approved(message: Message) -> Rendering:
    """Write that somebody may represent a city now."""
    return write_approved(_membership(message, MembershipState.APPROVED), message.language)


def write_approved(membership: Membership, language: str, *, teams: Sequence[RunningTeam] | None = None) -> Rendering:
    """Return what its person reads in `language`, which is active, once a request is approved.

    `teams` are those under way by then, where they are not those of today.
    """
    message = Message(kind=notices.APPROVED, language=language)
    subject = _("You represent %(city)s now")
    if membership.is_of_coordinator:
        return _handed_over(message, membership, subject=subject, teams=teams)
    said = _("You now belong to the team of %(city)s.")
    return _notice(message, membership, subject=subject, paragraphs=[said])


def declined(message: Message) -> Rendering:
    """Write that a request was declined, and why."""
    return write_declined(_membership(message, MembershipState.DECLINED), message.language)


def write_declined(membership: Membership, language: str) -> Rendering:
    """Return what its person reads in `language`, which is active, once a request is declined for its reason."""
    message = Message(kind=notices.DECLINED, language=language)
    said = [_("Your request to represent %(city)s was declined.")]
    reason = [_("The reason: %(reason)s") % {"reason": isolate(membership.reason)}] if membership.reason else []
    return _notice(
        message, membership, subject=_("Your request to represent %(city)s"), paragraphs=said, closing=reason
    )


def ended(message: Message) -> Rendering:
    """Write that somebody no longer represents a city."""
    membership = _membership(message, MembershipState.ENDED)
    said = _("You no longer belong to the team of %(city)s. What you have done in courses stays yours.")
    return _notice(message, membership, subject=_("You no longer represent %(city)s"), paragraphs=[said])


def last_day(message: Message) -> Rendering:
    """Write until when somebody represents a city, or that they no longer do where the day has passed meanwhile."""
    membership = _membership(message, MembershipState.APPROVED, MembershipState.ENDED)
    if f"{membership.ends_on}" != message.params["last_day"]:
        raise NoLongerMakesSense("The last day has changed since.")
    if membership.state == MembershipState.ENDED:
        return ended(message)
    said = _("%(day)s is your last day in the team of %(city)s. What you have done in courses stays yours.")
    return _notice(
        message,
        membership,
        subject=_("Your last day in the team of %(city)s"),
        paragraphs=[said],
        day=isolate(dates.day(membership.ends_on)),
    )


def appointed(message: Message) -> Rendering:
    """Write that somebody answers for the team from now on."""
    membership = _membership(message, MembershipState.APPROVED)
    if not membership.is_of_coordinator:
        raise NoLongerMakesSense("The person does not coordinate the team.")
    return _handed_over(message, membership, subject=_("You coordinate the team of %(city)s"))


def asked(message: Message) -> Rendering:
    """Write to a coordinator that a colleague waits for an answer."""
    membership = _membership(message, MembershipState.ASKED)
    if message.person is None or not rules.is_coordinator(message.person, membership.local_government_id):
        raise NoLongerMakesSense("The recipient does not coordinate this city's team.")
    return write_asked(membership, message.language)


def write_asked(membership: Membership, language: str) -> Rendering:
    """Return what a coordinator reads in `language`, which is active, of a colleague's request."""
    message = Message(kind=notices.ASKED, language=language)
    said = _("%(name)s would like to belong to the team of %(city)s. Approve or decline it on your page.")
    return _notice(
        message,
        membership,
        subject=_("A colleague would like to represent %(city)s"),
        paragraphs=[said],
        name=isolate(membership.person.get_full_name()),
    )


def queue(message: Message) -> Rendering:
    """Write to staff how many requests wait for them."""
    if message.person is None or not rules.may_decide_all(message.person):
        raise NoLongerMakesSense("The recipient does not decide about requests.")
    number = Membership.objects.waiting_for_staff().count()
    if not number:
        raise NoLongerMakesSense("No request is waiting.")
    said = ngettext(
        "%(number)d request to represent a city waits for a decision.",
        "%(number)d requests to represent a city wait for a decision.",
        number,
    )
    return Rendering(
        subject=_("Requests to represent a city"),
        template="mail/notice",
        context={
            "paragraphs": [said % {"number": number}],
            "button": {"label": _("See the requests"), "url": _absolute(reverse("membership_queue"))},
            "reason": _("You get this mail because you decide about these requests."),
        },
    )


def _handed_over(
    message: Message, membership: Membership, *, subject: str, teams: Sequence[RunningTeam] | None = None
) -> Rendering:
    """Write what somebody coordinates from now on: the colleagues who wait for them and the teams under way."""
    city = membership.local_government_id
    said = [_("You now coordinate the team of %(city)s: you can enrol colleagues in courses.")]
    # Of who is not approved yet, as in a rehearsal, the request itself waits no longer by then.
    waiting = Membership.objects.asked().filter(local_government=city).exclude(pk=membership.pk).count()
    if waiting:
        words = ngettext(
            "%(number)d colleague waits for your decision on your page.",
            "%(number)d colleagues wait for your decision on your page.",
            waiting,
        )
        said.append(words % {"number": waiting})
    if teams is None:
        teams = running.teams_of([city]).get(city, [])
    return _notice(
        message,
        membership,
        subject=subject,
        paragraphs=said,
        closing=[_("Teams in courses that you coordinate now:")] if teams else [],
        links=[{"label": isolate(team.label), "url": _absolute(team.url)} for team in teams],
    )


def _membership(message: Message, *states: MembershipState) -> Membership:
    membership = Membership.objects.for_display().filter(pk=message.params["membership"]).first()
    if membership is None:
        raise NoLongerMakesSense("The membership is gone.")
    if membership.state not in states:
        raise NoLongerMakesSense("The membership has changed since.")
    return membership


def _notice(message: Message, membership: Membership, *, subject: str, paragraphs: list[str], **more: Any) -> Rendering:
    city = isolate(membership.local_government.name_in(message.language))
    values = {"city": city, "name": more.pop("name", ""), "day": more.pop("day", "")}
    return Rendering(
        subject=subject % values,
        template="mail/notice",
        context={
            "paragraphs": [paragraph % values for paragraph in paragraphs],
            "button": {"label": _("My cities"), "url": _absolute(reverse("my_cities"))},
            "reason": _("You get this mail because your account is about to represent a city, or does."),
            **more,
        },
    )


def _absolute(path: str) -> str:
    return urljoin(settings.BASE_URL, path)
