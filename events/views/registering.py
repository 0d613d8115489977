"""The registration form: an address of its own, in all five languages, whatever is translated."""

from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from core import epochs, languages, limits, locales
from core.emailkeys import mailbox_key
from events import access, guessing, listing, viewing
from events.enums import Availability
from events.errors import AccountEnding, EventFull, RegistrationNotOpen, RegistrationRefused
from events.forms import RegistrationForm
from events.models import Event, Registration
from events.services import register
from events.services.registering import REFUSALS

PER_NETWORK = limits.Limit("register-network", settings.REGISTRATIONS_PER_NETWORK_PER_HOUR, 3600)
PER_ADDRESS = limits.Limit("register-address", settings.REGISTRATIONS_PER_ADDRESS_PER_HOUR, 3600)

# What will be possible later, or has just become impossible, is not gone.
STATUS_OF_REFUSAL = {RegistrationNotOpen: 409, EventFull: 409, AccountEnding: 409}


@method_decorator(never_cache, name="dispatch")
class RegisterView(View):
    """Shows the form and takes what it says; the answer never tells whether an address was known."""

    http_method_names = ["get", "head", "post", "options"]

    def dispatch(self, request: HttpRequest, slug: str) -> HttpResponseBase:
        """Find the event, or answer 404; whoever sent the form gets back what they had typed.

        An event that was taken away meanwhile and one that there never was are answered alike.
        """
        try:
            self.event = access.event_for(request, slug)
        except Http404:
            if request.method != "POST":
                raise
            return _no_event(request)
        return super().dispatch(request, slug)

    def get(self, request: HttpRequest, slug: str) -> HttpResponse:
        """Show the form, or one sentence that says why there is none."""
        availability = self.event.availability()
        if refusal := REFUSALS.get(availability):
            return self._refuse(refusal(), status=200 if refusal is RegistrationNotOpen else HTTPStatus.GONE)
        if availability == Availability.FULL:
            return self._refuse(EventFull(), status=200)
        return self._show(RegistrationForm(event=self.event, person=self._person, initial=self._initial()))

    def post(self, request: HttpRequest, slug: str) -> HttpResponse:
        """Register, or show the form again with everything that was typed."""
        form = RegistrationForm(request.POST, event=self.event, person=self._person, initial=self._initial())
        if form.is_robot:
            return self._done()
        is_valid = form.is_valid()
        if limit := self._limit(form):
            return self._slow_down(form, limit)
        if not is_valid:
            return self._show(form, status=422)
        try:
            outcome = register(event_id=self.event.pk, applicant=form.applicant())
            if outcome.is_full:
                raise EventFull
        except RegistrationRefused as refusal:
            return self._refuse(refusal, status=STATUS_OF_REFUSAL.get(type(refusal), HTTPStatus.GONE), form=form)
        return self._done()

    @property
    def _person(self) -> Any:
        # A visitor without a session cookie has no account, and asking would open a session for them.
        if settings.SESSION_COOKIE_NAME not in self.request.COOKIES or not self.request.user.is_authenticated:
            return None
        return self.request.user

    def _initial(self) -> dict[str, Any]:
        if person := self._person:
            return {
                "name": person.display_name,
                "email": person.email,
                "country": person.country,
                "organisation": person.organisation,
                "organisation_type": person.organisation_type.slug if person.organisation_type else "",
                "language": languages.current(),
                "timezone": person.timezone,
            }
        return {
            "language": languages.current(),
            "timezone": guessing.timezone(self.request, otherwise=self.event.timezone),
        }

    def _limit(self, form: RegistrationForm) -> limits.Limit | None:
        asked = [(PER_NETWORK, limits.network(self.request))]
        if address := form.cleaned_data.get("email"):
            asked.append((PER_ADDRESS, mailbox_key(address)))
        return limits.exceeded(asked)

    def _show(self, form: RegistrationForm, status: int = 200) -> HttpResponse:
        own = self._own_registration()
        context = {**self._context(), "form": form, "registration": own}
        context["will_wait"] = own is None and self.event.availability() == Availability.WAITING
        return render(self.request, "events/register.html", context, status=status)

    def _slow_down(self, form: RegistrationForm, limit: limits.Limit) -> HttpResponse:
        form.add_error(None, limits.TOO_OFTEN)
        return limits.slowed(self._show(form), limit)

    def _refuse(
        self, refusal: RegistrationRefused, *, status: int, form: RegistrationForm | None = None
    ) -> HttpResponse:
        context = {**self._context(), "sentence": refusal.sentence, "typed": form.typed if form else []}
        if isinstance(refusal, RegistrationNotOpen) and self.event.registration_opens_at:
            context["opens_at"] = self.event.registration_opens_at.astimezone(self.event.zone)
        return render(self.request, "events/register_refused.html", context, status=status)

    def _done(self) -> HttpResponse:
        return HttpResponseRedirect(reverse("event_registered", args=[self.event.slug]), status=303)

    def _own_registration(self) -> Registration | None:
        if person := self._person:
            mine = Registration.objects.live().with_place().of_person(person)
            return mine.filter(event_id=self.event.pk).first()
        return None

    def _context(self) -> dict[str, Any]:
        return _public_context(self.event, self.request)


@never_cache
@require_safe
def registered(request: HttpRequest, slug: str) -> HttpResponse:
    """Say "check your mail": the same for a new and for a known address, for a seat and for the waiting list."""
    event = access.event_for(request, slug)
    return render(request, "events/registered.html", _public_context(event, request))


def _no_event(request: HttpRequest) -> HttpResponse:
    context = {
        "typed": RegistrationForm(request.POST, event=Event()).typed,
        "events_url": f"/{languages.current()}/events/",
    }
    return render(request, "events/register_gone.html", context, status=404)


def event_context(event: Event, request: HttpRequest) -> dict[str, Any]:
    """Return what every page about one event shows: the record, its kind, its title in the best language there is."""
    language = languages.current()
    return {
        **epochs.kept(request, ("event words", event.pk, language), lambda: _words(event, language, request)),
        "event": event,
        "register_url": reverse("event_register", args=[event.slug]),
        "events_url": f"/{language}/events/",
    }


def _public_context(event: Event, request: HttpRequest) -> dict[str, Any]:
    """Add the reader's zone, and the name under which what surrounds the page is kept.

    There is none with a query, which its links repeat.
    """
    kept_path = None if request.META.get("QUERY_STRING") else request.path
    return {**event_context(event, request), **viewing.clocks(request), "kept_path": kept_path}


def _words(event: Event, language: str, request: HttpRequest) -> dict[str, str]:
    page = listing.pages_for([event], language).get(event.pk)
    return {
        "event_title": page.title if page else event.title,
        "event_kind": event.format.label_in(language) if event.format else "",
        "event_language": locales.code_of(page.locale_id if page else event.source_locale_id),
        "event_url": page.get_url(request) or "" if page else "",
    }
