"""A person's own courses: where they stand in each, its units with what is done, who they are in it, and leaving."""

from http import HTTPStatus

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.visitors import signed_in
from core import languages
from learning import access, cohort_words, own
from learning.errors import LearningError
from learning.forms import AboutMeForm
from learning.rules import has_to_confirm, may_leave
from learning.services import confirm_details, withdraw_enrolment
from learning.views.left import told_who_left


@never_cache
@login_required
@require_safe
def courses(request: HttpRequest) -> HttpResponse:
    """Show what a person takes part in or waits for, and the cohorts that they guide."""
    return render(request, "learning/my_courses.html", own.courses(request))


@never_cache
@login_required
@told_who_left
@require_safe
def course(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the units of a course with what is done; who has just joined is asked first who they are."""
    enrolment = access.own_enrolment(request, slug)
    if has_to_confirm(enrolment):
        return HttpResponseRedirect(reverse("my_course_about_me", args=[slug]))
    path = own.path(enrolment)
    done = sum(stop.state == "done" for stop in path.stops)
    context = {
        **cohort_words.about(enrolment.cohort, request),
        "enrolment": enrolment,
        "path": path,
        "done": done,
        "next_stop": next((stop for stop in path.stops if stop.state == "now"), None),
        "has_started": enrolment.cohort.has_started(),
        "due": enrolment.cohort.units_due(len(path.stops), since=enrolment.joined_on),
        "may_leave": may_leave(enrolment),
    }
    return render(request, "learning/my_course.html", context)


@never_cache
@login_required
@told_who_left
@require_http_methods(["GET", "HEAD", "POST"])
def about_me(request: HttpRequest, slug: str) -> HttpResponse:
    """Ask once for name, department and language; a POST keeps them."""
    enrolment = access.own_enrolment(request, slug)
    if request.method != "POST" and enrolment.confirmed_at is None and not has_to_confirm(enrolment):
        # There is nothing left to go on to: the course says why.
        return HttpResponseRedirect(reverse("my_course", args=[slug]), status=HTTPStatus.SEE_OTHER)
    known = {
        "name": enrolment.name or request.user.display_name,
        "department": enrolment.department,
        # Until it is confirmed, a coordinator has guessed it: this page is in one that they read.
        "language": enrolment.language if enrolment.confirmed_at else languages.current(),
    }
    form = AboutMeForm(request.POST if request.method == "POST" else None, initial=known)
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound else 200
    if form.is_bound and form.is_valid():
        try:
            confirm_details(enrolment_id=enrolment.pk, **form.cleaned_data)
        except LearningError as refusal:
            form.add_error(None, str(refusal))
            status = HTTPStatus.CONFLICT
        else:
            with translation.override(form.cleaned_data["language"]):
                return HttpResponseRedirect(reverse("my_course", args=[slug]), status=HTTPStatus.SEE_OTHER)
    context = {**cohort_words.about(enrolment.cohort, request), "form": form, "enrolment": enrolment}
    return render(request, "learning/about_me.html", context, status=status)


@never_cache
@login_required
@told_who_left
@require_http_methods(["GET", "HEAD", "POST"])
def leaving(request: HttpRequest, slug: str) -> HttpResponse:
    """Say what leaving a cohort means; a POST does it. What was read and completed stays on record."""
    enrolment = access.own_enrolment(request, slug)
    sentence = ""
    if request.method == "POST":
        try:
            withdraw_enrolment(enrolment_id=enrolment.pk, by=signed_in(request))
        except LearningError as refusal:
            sentence = str(refusal)
        else:
            messages.success(
                request,
                _("You are not enrolled in this cohort any more. What you have completed stays on record."),
            )
            return HttpResponseRedirect(reverse("my_learning"), status=HTTPStatus.SEE_OTHER)
    elif not may_leave(enrolment):
        return HttpResponseRedirect(reverse("my_course", args=[slug]), status=HTTPStatus.SEE_OTHER)
    context = {**cohort_words.about(enrolment.cohort, request), "enrolment": enrolment, "sentence": sentence}
    return render(request, "learning/my_course_leave.html", context, status=HTTPStatus.CONFLICT if sentence else 200)
