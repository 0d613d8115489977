"""A colleague's own door: it greets, and only a POST joins, so that mail scanners open nothing."""

from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from accounts.entrance import ask_for_code, let_in
from core import languages, limits
from core.emailkeys import email_key
from learning import cohort_words
from learning.enums import Ending, EnrolmentState
from learning.errors import JoinedAlready, LearningError
from learning.models import Enrolment
from learning.rules import keys_of, owns_enrolment
from learning.services import join, withdraw_enrolment
from learning.views.signed import asked_for, by_token
from learning.waiting import why_waiting

PER_PERSON = limits.Limit("learning-door", settings.JOINS_PER_PERSON_PER_HOUR, 3600)
OVER = (EnrolmentState.WITHDRAWN, EnrolmentState.DECLINED, EnrolmentState.LAPSED)
OPEN_TO_DECLINING = (EnrolmentState.INVITED, EnrolmentState.WAITLISTED, EnrolmentState.APPLIED)
HAS_ENDED = {
    EnrolmentState.INVITED: _("You have declined the invitation to this cohort."),
    EnrolmentState.WAITLISTED: _("You have left the waiting list of this cohort."),
    EnrolmentState.APPLIED: _("You have taken your request to take part in this cohort back."),
}
ENDED: dict[Ending | None, Any] = {
    Ending.LEFT_LIST: HAS_ENDED[EnrolmentState.WAITLISTED],
    Ending.TAKEN_BACK: HAS_ENDED[EnrolmentState.APPLIED],
}


@require_http_methods(["GET", "HEAD", "POST"])
@by_token
def show(request: HttpRequest, token: str, enrolment: Enrolment) -> HttpResponse:
    """Say who invites to what; a POST joins, or signs in whoever has joined before."""
    visitor = request.user if request.user.is_authenticated else None
    if visitor is not None and not owns_enrolment(visitor, enrolment):
        return _show(request, token, enrolment, is_other=True, status=HTTPStatus.FORBIDDEN)
    if visitor is not None and enrolment.has_joined:
        return HttpResponseRedirect(_course_url(enrolment), status=HTTPStatus.SEE_OTHER)
    if visitor is not None and enrolment.state in OVER and (onwards := _live_one(request, enrolment)):
        return HttpResponseRedirect(onwards, status=HTTPStatus.SEE_OTHER)
    if request.method != "POST" or enrolment.state in OVER:
        return _show(request, token, enrolment, status=HTTPStatus.GONE if enrolment.state in OVER else 200)
    if limit := limits.exceeded([(PER_PERSON, str(enrolment.uuid))]):
        return limits.slowed(_show(request, token, enrolment, is_too_often=True), limit)
    return _open(request, token, enrolment, visitor)


@require_http_methods(["GET", "HEAD", "POST"])
@by_token
def declining(request: HttpRequest, token: str, enrolment: Enrolment) -> HttpResponse:
    """Say what declining, leaving the waiting list or taking an application back means; a POST does it."""
    if request.user.is_authenticated and not owns_enrolment(request.user, enrolment):
        return _show(request, token, enrolment, is_other=True, status=HTTPStatus.FORBIDDEN)
    if request.method == "POST" and enrolment.has_joined and request.user.is_authenticated:
        # An old page: the course, to which the door leads on, must not look as if that had been done.
        messages.info(request, str(JoinedAlready.sentence))
    if enrolment.state not in OPEN_TO_DECLINING or (request.method != "POST" and enrolment.cohort.is_over()):
        return HttpResponseRedirect(_address(request, "learning_door", token), status=HTTPStatus.SEE_OTHER)
    if request.method == "POST":
        try:
            withdraw_enrolment(enrolment_id=enrolment.pk, by=enrolment.person, among=OPEN_TO_DECLINING)
        except LearningError as refusal:
            return _show(request, token, enrolment, sentence=str(refusal), status=HTTPStatus.CONFLICT)
        if request.user.is_authenticated and _live_one(request, enrolment):
            # The door leads on from there, so that it cannot say so itself.
            messages.success(request, HAS_ENDED[EnrolmentState(enrolment.state)])
        return HttpResponseRedirect(_address(request, "learning_door", token), status=HTTPStatus.SEE_OTHER)
    return render(request, "learning/door_decline.html", _context(request, token, enrolment))


def _open(request: HttpRequest, token: str, enrolment: Enrolment, visitor: Any) -> HttpResponse:
    """Join where that is still to be done; sign in by this link only whoever it has just made an account for."""
    if not enrolment.has_joined:
        try:
            enrolment = join(enrolment_id=enrolment.pk, person=visitor, language=languages.current())
        except LearningError as refusal:
            return _show(request, token, enrolment, sentence=str(refusal), status=HTTPStatus.CONFLICT)
    onwards, person = _course_url(enrolment), enrolment.person
    if visitor is not None or person is None:
        return HttpResponseRedirect(onwards, status=HTTPStatus.SEE_OTHER)
    if enrolment.made_account:
        return let_in(request, person, onwards=onwards)
    if email_key(person.email) == enrolment.email_key:
        return ask_for_code(request, person, onwards=onwards)
    # The page that asks for a code names the address it went to, which is none of an old mail's holder's business.
    way = reverse("account_request_login_code")
    return HttpResponseRedirect(f"{way}?{urlencode({'next': onwards})}", status=HTTPStatus.SEE_OTHER)


def _show(request: HttpRequest, token: str, enrolment: Enrolment, *, status: int = 200, **more: Any) -> HttpResponse:
    return render(request, "learning/door.html", {**_context(request, token, enrolment), **more}, status=status)


def _context(request: HttpRequest, token: str, enrolment: Enrolment) -> dict[str, Any]:
    return {
        **cohort_words.about(enrolment.cohort, request),
        "enrolment": enrolment,
        "has_joined": enrolment.has_joined,
        "ended": ENDED.get(enrolment.ending, ""),
        "is_signed_in": request.user.is_authenticated,
        "waiting": why_waiting(enrolment),
        "is_shut": enrolment.cohort.is_called_off or enrolment.cohort.is_over(),
        "other_languages": sorted({enrolment.language, languages.of_reader(request)} - {"", languages.current()}),
        "door_url": _address(request, "learning_door", token),
        "decline_url": _address(request, "learning_door_decline", token),
    }


def _live_one(request: HttpRequest, ended: Enrolment) -> str:
    """Return where whoever is signed in goes on in the cohort of an old invitation; empty where they do not."""
    mine = Enrolment.objects.filter(cohort=ended.cohort_id).told().meant_for(request.user, keys_of(request.user))
    live = mine.select_related("cohort").furthest_first().first()
    if live is None:
        return ""
    return _course_url(live) if live.has_joined else _address(request, "learning_door", live.token)


def _address(request: HttpRequest, name: str, token: str) -> str:
    """Return the address of one of these pages, in the language that this one was asked for."""
    asked = asked_for(request)
    return reverse(name, args=[token]) + (f"?{urlencode({'language': asked})}" if asked else "")


def _course_url(enrolment: Enrolment) -> str:
    return reverse("my_course", args=[enrolment.cohort.slug])
