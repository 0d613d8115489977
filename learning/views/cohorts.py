"""The open cohorts, one cohort, and taking part without a team."""

from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.visitors import signed_in
from core import languages, limits
from events import spoken
from learning import access, cohort_words, fitting
from learning.errors import LearningError
from learning.models import Cohort, Enrolment
from learning.rules import keys_of, may_moderate
from learning.services import apply_alone
from learning.views.left import told_of_the_end

APPLICATIONS = limits.Limit("applications-person", settings.APPLICATIONS_PER_PERSON_PER_HOUR, 3600)


@never_cache
@require_safe
def listing(request: HttpRequest) -> HttpResponse:
    """Show the cohorts that can be joined, those in a language only where one is chosen."""
    chosen = request.GET.get("language", "")
    found = Cohort.objects.open_for_enrolment().public().select_related("course")
    is_narrowed = chosen in languages.codes()
    if is_narrowed:
        found = found.in_language(chosen)
    context = {
        "cards": fitting.cards_for_everybody(found, request),
        "is_narrowed": is_narrowed,
        "filters": [
            {
                "name": "language",
                "label": _("Language"),
                "all": _("All"),
                "options": [(code, spoken.name(code, languages.current())) for code in languages.codes()],
                "value": chosen,
            }
        ],
        "clear_url": request.path if chosen else "",
        "courses_url": _section(),
        "crumbs": _crumbs(_("Open cohorts")),
    }
    return render(request, "learning/cohorts.html", context)


@never_cache
@told_of_the_end
@require_safe
def detail(request: HttpRequest, slug: str) -> HttpResponse:
    """Show when a cohort runs, how it stands, and the ways in; and whoever is signed in, how they stand."""
    cohort = access.cohort_for(request, slug)
    context = {
        **cohort_words.about(cohort, request),
        "facts": cohort_words.facts(cohort),
        "seat_words": cohort_words.seat_words(cohort),
        "is_open": cohort_words.is_open(cohort),
        "crumbs": _crumbs(cohort.name, (_("Open cohorts"), reverse("cohorts"))),
        **_of_visitor(request, cohort),
    }
    return render(request, "learning/cohort.html", context)


@never_cache
@login_required
@told_of_the_end
@require_http_methods(["GET", "HEAD", "POST"])
def apply(request: HttpRequest, slug: str) -> HttpResponse:
    """Say what taking part without a team means; a POST does it."""
    cohort = access.cohort_for(request, slug)
    if request.method != "POST":
        if _of_visitor(request, cohort)["mine"] is not None:
            # Its page says how they stand, and offers what is left to do.
            return HttpResponseRedirect(reverse("cohort", args=[slug]))
        return _show_application(request, cohort)
    person = signed_in(request)
    if limit := limits.exceeded([(APPLICATIONS, str(person.pk))]):
        sentence = _("That was too often. Wait a while, then try again.")
        return limits.slowed(_show_application(request, cohort, sentence=sentence), limit)
    try:
        apply_alone(cohort_id=cohort.pk, person=person)
    except LearningError as refusal:
        return _show_application(request, cohort, sentence=str(refusal), status=HTTPStatus.CONFLICT)
    return HttpResponseRedirect(reverse("cohort", args=[slug]), status=HTTPStatus.SEE_OTHER)


def _show_application(request: HttpRequest, cohort: Cohort, *, sentence: str = "", status: int = 200) -> HttpResponse:
    why_shut = access.why_shut(cohort)
    context = {**cohort_words.about(cohort, request), "sentence": sentence or why_shut, "is_open": not why_shut}
    return render(request, "learning/cohort_apply.html", context, status=status)


def _of_visitor(request: HttpRequest, cohort: Cohort) -> dict[str, Any]:
    if not request.user.is_authenticated:
        return {}
    known = Enrolment.objects.filter(cohort=cohort).told().meant_for(request.user, keys_of(request.user))
    mine = known.furthest_first().with_place().first()
    return {
        "mine": mine,
        "teams": access.teams_of(request.user, cohort),
        "may_moderate": may_moderate(request.user, cohort),
        "share_words": fitting.spent_shares(request.user, [cohort]).get(cohort.pk, ""),
    }


def _section() -> str:
    return f"/{languages.current()}/learning/"


def _crumbs(title: str, *between: tuple[str, str]) -> list[dict[str, str]]:
    above = [(_("Learning"), _section()), *between]
    return [*({"title": name, "url": url} for name, url in above), {"title": title, "url": ""}]
