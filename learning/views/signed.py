"""A page behind a colleague's signed address: in a language that they read, kept by nobody, told to nobody."""

from collections.abc import Callable
from functools import wraps

from django.conf import settings
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation

from core import languages, limits
from learning import tokens
from learning.enums import EnrolmentState
from learning.models import Enrolment

View = Callable[..., HttpResponse]
# Nobody types such an address by hand: many wrong ones are somebody's guesses.
GUESSES = limits.Limit("signed-guesses", settings.WRONG_LINKS_PER_NETWORK_PER_HOUR, 3600)


def by_token(view: View) -> View:
    """Find the enrolment of a signed address and show everything in a language that the colleague reads.

    A forged token, one whose enrolment is gone and one that was never mailed get the same 404.
    """

    @wraps(view)
    def wrapped(request: HttpRequest, token: str) -> HttpResponse:
        enrolment = _enrolment(token)
        if enrolment is None:
            response = _unknown(request)
        else:
            language = _language(request, enrolment)
            with translation.override(language):
                response = view(request, token, enrolment)
            response["Content-Language"] = language
        response["Cache-Control"] = "private, no-store"
        # With "no-referrer" a browser sends "Origin: null" with the page's own forms, which the CSRF check refuses.
        response["Referrer-Policy"] = "same-origin"
        response["X-Robots-Tag"] = "noindex"
        return response

    return wrapped


def asked_for(request: HttpRequest) -> str:
    """Return the language that the address asks for by `?language=`; nothing where it asks for none of ours."""
    asked = request.GET.get("language", "")
    return asked if asked in languages.codes() else ""


def _language(request: HttpRequest, enrolment: Enrolment) -> str:
    """Return the one they confirmed; before, a coordinator has guessed it, and their browser knows better."""
    own = enrolment.language if enrolment.confirmed_at else languages.of_reader(request)
    return asked_for(request) or own or enrolment.language


def _unknown(request: HttpRequest) -> HttpResponse:
    if limit := limits.exceeded([(GUESSES, limits.network(request))]):
        response = render(request, "429.html", status=429)
        response["Retry-After"] = str(limit.seconds)
        return response
    return render(request, "learning/link_unknown.html", status=404)


def _enrolment(token: str) -> Enrolment | None:
    identifier = tokens.read(token)
    if identifier is None:
        return None
    found = Enrolment.objects.with_place().with_ending()
    found = found.select_related("cohort__course", "local_government", "person", "team__coordinator")
    # Nobody has been told of a draft, nor of what a team asks the moderators.
    untold = Q(state=EnrolmentState.DRAFTED) | Q(state=EnrolmentState.APPLIED, team__isnull=False)
    return found.exclude(untold).filter(uuid=identifier).first()
