"""A registered person's own page, reached by the signed address in their mails; only a POST changes anything."""

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_http_methods, require_safe

from events import calendars, ics
from events.errors import EventOver, LinksStay
from events.forms import PreferencesForm
from events.models import Registration
from events.services import cancel, change_preferences, renew_links
from events.views.registering import event_context
from events.views.signed import by_token


@require_http_methods(["GET", "HEAD", "POST"])
@by_token
def show(request: HttpRequest, token: str, registration: Registration) -> HttpResponse:
    """Show how the registration stands; a POST changes language and zone."""
    form = PreferencesForm.of(registration, request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        change_preferences(registration_id=registration.pk, **form.changes())
        return HttpResponseRedirect(f"{_address('event_registration', token)}?saved", status=303)
    context = {**_context(request, token, registration), "form": form, "is_saved": "saved" in request.GET}
    return render(request, "events/registration.html", context, status=422 if form.is_bound else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@by_token
def cancelling(request: HttpRequest, token: str, registration: Registration) -> HttpResponse:
    """Say what cancelling means; a POST does it."""
    if request.method == "POST":
        try:
            cancel(registration_id=registration.pk)
        except EventOver as refusal:
            context = {**_context(request, token, registration), "sentence": refusal.sentence}
            return render(request, "events/registration_cancel.html", context, status=410)
        return HttpResponseRedirect(_address("event_registration", token), status=303)
    if not registration.is_live:
        return HttpResponseRedirect(_address("event_registration", token))
    context = _context(request, token, registration)
    if registration.event.is_over:
        return render(
            request, "events/registration_cancel.html", {**context, "sentence": EventOver.sentence}, status=410
        )
    return render(request, "events/registration_cancel.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@by_token
def renewing(request: HttpRequest, token: str, registration: Registration) -> HttpResponse:
    """Say what new links are for; a POST mails them and answers itself, since the address it came to is dead then."""
    context, status = _context(request, token, registration), 200
    if request.method == "POST":
        try:
            renew_links(registration_id=registration.pk, version=registration.token_version)
        except LinksStay as refusal:
            context, status = {**context, "sentence": refusal.sentence}, 410
        else:
            context["is_sent"] = True
    return render(request, "events/registration_links.html", context, status=status)


@require_safe
@by_token
def calendar(request: HttpRequest, token: str, registration: Registration) -> HttpResponse:
    """Send the event as a calendar file, for those who could not open the invitation."""
    return calendar_file(registration)


def calendar_file(registration: Registration) -> HttpResponse:
    """Return the answer that puts the event on a calendar by hand."""
    response = HttpResponse(calendars.download(registration), content_type=ics.PUBLISHED)
    filename = f"{registration.event.slug[:60]}.ics"
    response["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=filename)
    return response


def _context(request: HttpRequest, token: str, registration: Registration) -> dict[str, Any]:
    return {
        **event_context(registration.event, request),
        "registration": registration,
        "own_url": _address("event_registration", token),
        "leave_url": _address("event_registration_cancel", token),
        "links_url": _address("event_registration_links", token),
        "erase_url": _address("event_registration_erase", token),
        "calendar_url": _address("event_registration_calendar", token),
        "join_url": reverse("event_join", args=[registration.join_token]),
    }


def _address(name: str, token: str) -> str:
    return reverse(name, args=[token])
