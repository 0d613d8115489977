"""The join page: a greeting and a button; only the button counts, so mail scanners and forwarded calendars do not."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from core import limits, timezones
from events import tokens
from events.enums import JoinState
from events.errors import NotJoinable
from events.models import Registration
from events.services.attending import doors_open_at, join, join_state
from events.views.registering import event_context
from events.views.self_service import calendar_file
from events.views.signed import by_token

PER_PERSON = limits.Limit("join", settings.JOINS_PER_PERSON_PER_HOUR, 3600)
STATUS_OF_REFUSAL = {JoinState.OVER: 410, JoinState.CALLED_OFF: 410, JoinState.CANCELLED: 410}


@require_http_methods(["GET", "HEAD", "POST"])
@by_token(salt=tokens.JOIN)
def show(request: HttpRequest, token: str, registration: Registration) -> HttpResponse:
    """Greet the person and say how things stand; a POST leads into the meeting and counts as presence."""
    if request.method != "POST":
        return _show(request, token, registration, join_state(registration))
    if limit := limits.exceeded([(PER_PERSON, str(registration.uuid))]):
        page = _show(request, token, registration, join_state(registration), is_too_often=True)
        return limits.slowed(page, limit)
    try:
        return HttpResponseRedirect(join(registration_id=registration.pk), status=303)
    except NotJoinable as refusal:
        status = STATUS_OF_REFUSAL.get(refusal.state, 409)
        return _show(request, token, registration, refusal.state, status=status)


@require_safe
@by_token(salt=tokens.JOIN)
def calendar(request: HttpRequest, token: str, registration: Registration) -> HttpResponse:
    """Send the event as a calendar file."""
    return calendar_file(registration)


def _show(
    request: HttpRequest, token: str, registration: Registration, state: JoinState, *, status: int = 200, **more: Any
) -> HttpResponse:
    context = {
        **event_context(registration.event, request),
        "registration": registration,
        "state": state.value,
        "opens_at": _local(doors_open_at(registration.event), registration),
        "calendar_url": reverse("event_join_calendar", args=[token]),
        **more,
    }
    response = render(request, "events/join.html", context, status=status)
    if state == JoinState.OPEN:
        # Browsers hold every address that the answer to a form leads on to against this directive.
        response._csp_update = {"form-action": ["https:"]}
    return response


def _local(at: datetime, registration: Registration) -> datetime:
    zone = registration.timezone if timezones.is_valid(registration.timezone) else registration.event.timezone
    return at.astimezone(ZoneInfo(zone))
