"""A page behind a colleague's signed address, in a language that they read."""

from functools import wraps

from django.http import HttpRequest, HttpResponse
from django.utils import translation

from core import languages
from core.views.signed import View, behind_token
from learning import tokens
from learning.models import Enrolment
from learning.querysets_enrolments import UNTOLD


def by_token(view: View) -> View:
    """Find the enrolment of a signed address and show everything in a language that the colleague reads.

    A forged token, one whose enrolment is gone and one that was never mailed get the same 404.
    """

    @wraps(view)
    def in_own_language(request: HttpRequest, token: str, enrolment: Enrolment) -> HttpResponse:
        language = _language(request, enrolment)
        with translation.override(language):
            response = view(request, token, enrolment)
        response["Content-Language"] = language
        return response

    return behind_token(find=_enrolment, unknown="learning/link_unknown.html")(in_own_language)


def asked_for(request: HttpRequest) -> str:
    """Return the language that the address asks for by `?language=`; nothing where it asks for none of ours."""
    asked = request.GET.get("language", "")
    return asked if asked in languages.codes() else ""


def _language(request: HttpRequest, enrolment: Enrolment) -> str:
    """Return the one they confirmed; before, a coordinator has guessed it, and their browser knows better."""
    own = enrolment.language if enrolment.confirmed_at else languages.of_reader(request)
    return asked_for(request) or own or enrolment.language


def _enrolment(token: str) -> Enrolment | None:
    identifier = tokens.read(token)
    if identifier is None:
        return None
    found = Enrolment.objects.with_place().with_shown_state()
    found = found.select_related("cohort__course", "local_government", "person", "team__coordinator")
    return found.exclude(UNTOLD).filter(uuid=identifier).first()
