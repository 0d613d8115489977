"""A coordinator's own team in one cohort: who joined, who is behind; a seat handed on or given back."""

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.mixins import LoginRequiredMixin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views import View
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.middleware import staff_show_a_factor
from accounts.models import User
from accounts.visitors import signed_in
from core import languages, limits
from learning import access, cohort_words, sheets, team_rehearsal
from learning.enums import LEAVABLE_STATES, LIVE_TEAMS, EnrolmentState
from learning.errors import CohortOver, LearningError
from learning.forms import SuccessorForm
from learning.models import Cohort, Enrolment, TeamRequest
from learning.rules import may_change_team, may_enrol, may_moderate, may_replace, may_see_team, may_withdraw
from learning.services import (
    is_to_wait,
    keep_teams,
    replace,
    take_back_team,
    told_of_seats,
    withdraw_enrolment,
    withdraw_teams,
)
from learning.views.team import ENROLMENTS
from mail import undo
from municipalities.enums import Standing
from municipalities.models import LocalGovernment
from municipalities.rules import is_coordinator

# What was just done, by the word for it in the address.
DONE = {
    "withdrawn": gettext_lazy("Withdrawn."),
    "replaced": gettext_lazy("The seat is handed on."),
    "kept": gettext_lazy("The team stays as it was. Nobody was told anything."),
    "taken-back": gettext_lazy("Taken back. Nobody was invited."),
    "too-late": gettext_lazy("That came too late: it has happened already."),
}


def led_on_once_withdrawn(done: str) -> Callable[..., Any]:
    """Lead who waits to be approved, and has nobody left on the team's page, to their own, with the word for it."""

    def decorate(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
        @wraps(view)
        def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            try:
                return view(request, *args, **kwargs)
            except access.HasWithdrawn:
                return _led_on(request, done)

        return wrapped

    return decorate


@method_decorator([staff_show_a_factor, never_cache, led_on_once_withdrawn("withdrawn")], name="dispatch")
class TeamView(LoginRequiredMixin, View):
    """Shows the team as a table, and the same as a spreadsheet."""

    http_method_names = ["get", "head", "options"]

    def get(self, request: HttpRequest, slug: str, city: str) -> HttpResponseBase:
        """Show everybody who was ever enrolled for this city, those who left at the end."""
        team = access.team_for(request, slug, city)
        found = team.people.with_progress().with_reason().with_shown_state().select_related("local_government", "team")
        rows = list(found.by_name())
        sheet = sheets.Sheet(sheets.with_reasons(sheets.OF_TEAM, rows), rows, filename=f"{slug}-{city}")
        if (answer := sheet.answer(request)) is not None:
            return answer
        teams = list(TeamRequest.objects.live().of_city(team.cohort.pk, team.city.pk).select_related("coordinator"))
        own = next((one for one in teams if one.is_draft and one.coordinator_id == request.user.pk), None)
        may_change_all = may_change_team(request.user, team.city.pk)
        may_change = bool(own) or may_change_all or may_moderate(request.user, team.cohort)
        is_shut = team.cohort.is_called_off or team.cohort.is_over()
        about = _context(request, team)
        context = {
            **about,
            # What is to be withdrawn takes nobody more.
            "takes_enrolments": about["takes_enrolments"] and not (own and own.withdraws_at),
            "sheet": sheet,
            "actions_url": _address(team) if may_change and not team.cohort.is_over() else "",
            "may_withdraw_all": not team.cohort.is_over() and any(_leaves(row, may_change_all, own) for row in rows),
            "figures": _figures(rows),
            "why_nobody": access.why_shut(team.cohort),
            "done": _done(request),
            "drafts": None if is_shut or may_change_all else _to_be_approved(own),
            **_under_way(team.cohort, teams if may_change_all else [own] if own else []),
            "here": _clocks(signed_in(request), team.city),
            "let_go": "" if is_shut else _let_go(rows, signed_in(request), team.city.pk),
        }
        return render(request, "learning/my_team.html", context)


@staff_show_a_factor
@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def withdrawing(request: HttpRequest, slug: str, city: str, member_key: UUID) -> HttpResponse:
    """Say what withdrawing one person means; a POST does it."""
    team = access.team_for(request, slug, city)
    member = access.member_of(team, member_key)
    if not may_withdraw(request.user, member):
        raise PermissionDenied
    sentence = ""
    if request.method == "POST":
        try:
            withdraw_enrolment(enrolment_id=member.pk, by=signed_in(request))
            return _back(team, "withdrawn")
        except LearningError as refusal:
            sentence = str(refusal)
    elif member.state not in LEAVABLE_STATES:
        return _back(team)
    context = {**_context(request, team), "member": member, "sentence": sentence}
    return render(request, "learning/my_team_withdraw.html", context, status=HTTPStatus.CONFLICT if sentence else 200)


@staff_show_a_factor
@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def replacing(request: HttpRequest, slug: str, city: str, member_key: UUID) -> HttpResponse:
    """Ask who takes somebody's seat; a POST hands it on. Whoever leaves keeps their record."""
    team = access.team_for(request, slug, city)
    member = access.member_of(team, member_key)
    if not may_replace(request.user, member):
        raise PermissionDenied
    form = SuccessorForm(request.POST if request.method == "POST" else None, initial={"language": _asked_in(member)})
    status, limit = HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound else 200, None
    if form.is_bound and form.is_valid():
        # Each hand-over writes to somebody, as enrolling does.
        if limit := limits.exceeded([(ENROLMENTS, str(request.user.pk))]):
            form.add_error(None, limits.TOO_OFTEN)
        else:
            try:
                replace(enrolment_id=member.pk, by=signed_in(request), **form.cleaned_data)
                return _back(team, "replaced")
            except LearningError as refusal:
                form.add_error(None, str(refusal))
                status = HTTPStatus.CONFLICT
    context = {**_context(request, team), "member": member, "form": form}
    response = render(request, "learning/my_team_replace.html", context, status=status)
    return limits.slowed(response, limit) if limit else response


@staff_show_a_factor
@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
@led_on_once_withdrawn("withdrawn")
def withdrawing_team(request: HttpRequest, slug: str, city: str) -> HttpResponse:
    """Say what withdrawing the whole team means; a POST does it."""
    team = access.team_for(request, slug, city)
    live = access.teams_to_end(request, team)
    if not may_change_team(request.user, team.city.pk) and not live.exists():
        raise PermissionDenied
    requests = live.filter(withdraws_at=None)
    if live.exists() and not requests.exists():
        # Its page says when, and lets it be kept.
        return _back(team)
    sentence = ""
    if request.method == "POST":
        at = undo.leaves_at() if undo.undo_window() else None
        try:
            withdraw_teams(team_ids=[one.pk for one in requests], by=signed_in(request), at=at)
            return _back(team) if live.ending().exists() else _after_withdrawing(request, team)
        except LearningError as refusal:
            sentence = str(refusal)
    leaving = list(Enrolment.objects.leavable().filter(team__in=requests.all()))
    if not sentence and team.cohort.is_over():
        sentence = str(CohortOver())
    elif not sentence and not leaving:
        sentence = _("Nobody of the team can be withdrawn any more.")
    context = {
        **_context(request, team),
        "sentence": sentence,
        **({} if sentence else _withdrawing_means(team, leaving)),
    }
    return render(
        request, "learning/my_team_withdraw_all.html", context, status=HTTPStatus.CONFLICT if sentence else 200
    )


@staff_show_a_factor
@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
@led_on_once_withdrawn("too-late")
def keeping_team(request: HttpRequest, slug: str, city: str) -> HttpResponse:
    """Let a team go on that was to be withdrawn; whoever only reads the address is led to the team."""
    team = access.team_for(request, slug, city)
    if request.method != "POST":
        return _back(team)
    named = [int(key) for key in request.POST.getlist("team") if key.isascii() and key.isdigit() and len(key) < 10]
    teams = access.teams_to_keep(request, team, named)
    if not may_change_team(request.user, team.city.pk) and not teams.exists():
        raise PermissionDenied
    keep_teams(team_ids=[one.pk for one in teams])
    has_ended = teams.exclude(state__in=LIVE_TEAMS).exists() or not named
    return _back(team, "too-late" if has_ended else "kept")


@staff_show_a_factor
@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def taking_back(request: HttpRequest, slug: str, city: str, pk: int) -> HttpResponse:
    """Let no invitation of a team leave, and lead to the list, to be changed; else to the team."""
    team = access.team_for(request, slug, city)
    if request.method != "POST":
        return _back(team)
    done = "too-late"
    if pk in [one.pk for one in access.leaving_teams(request, team)]:
        done = "too-late" if take_back_team(team_id=pk, by=signed_in(request)) is None else "taken-back"
    elif access.is_taken_back(team, pk):
        # A second press finds taken back what the first one took back.
        done = "taken-back"
    # A cohort without a waiting list was full of these people.
    team.cohort.refresh_from_db(fields=["seat_state"])
    if not cohort_words.is_open(team.cohort) or not access.team_taken_back(request, team.cohort, team.city, str(pk)):
        return _back(team, done)
    chosen = urlencode({"city": team.city.slug, "cohort": team.cohort.slug, "again": pk})
    return HttpResponseRedirect(
        f"{reverse('cohort_team', args=[team.cohort.slug])}?{chosen}", status=HTTPStatus.SEE_OTHER
    )


def _clocks(person: User, city: LocalGovernment) -> str:
    """Return the zone in which somebody reads moments: their own or, where they have set none, the city's."""
    return city.timezone if person.timezone == "UTC" and city.timezone else person.timezone


def _to_be_approved(draft: TeamRequest | None) -> TeamRequest | None:
    """Return a draft if it leaves once its coordinator is approved, rather than leaving or ending at a moment."""
    return draft if draft and draft.sends_at is None and draft.withdraws_at is None else None


def _under_way(cohort: Cohort, teams: list[TeamRequest]) -> dict[str, Any]:
    """Return what of some teams can still be taken back, with its moment: what leaves, and when they are withdrawn."""
    if cohort.is_over():
        return {}
    # Where seats are held back, teams wait for them; where it is called off, for its restoration.
    held = cohort.fills_at if cohort.holds_seats_back else None
    drafts = [] if cohort.is_called_off else [one for one in teams if one.is_draft and not one.withdraws_at]
    ending = [one for one in teams if one.withdraws_at]
    return {
        "leaving": [(one, max(one.sends_at, held or one.sends_at)) for one in drafts if one.sends_at],
        "ending": ending,
        "is_part": len(ending) < len(teams),
        "ends_at": min((one.withdraws_at for one in ending if one.withdraws_at), default=None),
    }


def _withdrawing_means(team: access.Team, leaving: list[Enrolment]) -> dict[str, Any]:
    """Return what withdrawing them means: who is told what, of them and of those who get their seats, and when."""
    cohort, at = team.cohort, undo.leaves_at()
    told = [one for one in leaving if one.was_told]
    seated = told_of_seats(cohort, leaving, at=at)
    parts = team_rehearsal.of_withdrawing(cohort, team.city, told) + team_rehearsal.of_seats(cohort, seated)
    waits = undo.undo_window() and (parts or is_to_wait(cohort, leaving, at=at))
    number = sum(one.number for one in parts)
    return {
        "people_in_words": cohort_words.of_people(len(leaving)),
        "told": "all" if len(told) == len(leaving) else "some" if told else "none",
        "frees_seats": any(one.has_seat for one in leaving) and cohort.gives_seats(at),
        "gives_news": bool(seated),
        "mails_in_words": cohort_words.of_mails(number) if number else "",
        "parts": parts,
        "window": undo.window_in_words() if waits else "",
    }


def _asked_in(member: Enrolment) -> str:
    """Return the language in which the coordinator had the team invited, as far as its people have not chosen theirs.

    What the leaver has chosen says nothing of whoever comes.
    """
    if member.confirmed_at is None:
        return member.language
    guessed = Enrolment.objects.filter(team=member.team_id, team__isnull=False, confirmed_at=None)
    return guessed.order_by("-created_at", "-pk").values_list("language", flat=True).first() or languages.current()


def _context(request: HttpRequest, team: access.Team) -> dict[str, Any]:
    return {
        **cohort_words.about(team.cohort, request),
        "city": team.city,
        "team_url": _address(team),
        "takes_enrolments": cohort_words.is_open(team.cohort)
        and team.city.standing != Standing.RETIRED
        and may_enrol(request.user, team.city.pk),
    }


def _back(team: access.Team, done: str = "") -> HttpResponse:
    return HttpResponseRedirect(_address(team) + (f"?done={done}" if done else ""), status=HTTPStatus.SEE_OTHER)


def _after_withdrawing(request: HttpRequest, team: access.Team) -> HttpResponse:
    """Lead back to the team's page or, who waits to be approved and has no drafts left there, to their own."""
    if may_see_team(request.user, team.cohort.pk, team.city.pk):
        return _back(team, "withdrawn")
    return _led_on(request, "withdrawn")


def _led_on(request: HttpRequest, done: str) -> HttpResponse:
    messages.add_message(request, messages.SUCCESS if done == "withdrawn" else messages.WARNING, str(DONE[done]))
    return HttpResponseRedirect(reverse("my_learning"), status=HTTPStatus.SEE_OTHER)


def _address(team: access.Team) -> str:
    return reverse("my_team", args=[team.cohort.slug, team.city.slug])


def _leaves(row: Enrolment, may_change_all: bool, drafts: TeamRequest | None) -> bool:
    """Whether withdrawing the team would end this: any of the city's for some, for others what they wrote down; what
    is to end already it would not.
    """
    if row.state not in LEAVABLE_STATES or row.team is None or row.team.withdraws_at:
        return False
    return row.team.state in LIVE_TEAMS if may_change_all else row.team == drafts


def _figures(rows: list[Enrolment]) -> list[dict[str, str]]:
    """Return who joined, who is behind, and who has yet to open the mail, as terms and numbers; drafts, if any."""
    drafted = sum(row.state == EnrolmentState.DRAFTED for row in rows)
    counted = [
        *([(str(EnrolmentState.DRAFTED.label), drafted)] if drafted else []),
        (_("Have joined"), sum(row.has_joined for row in rows)),
        (_("Invited"), sum(row.state == "invited" for row in rows)),
        (_("Behind"), sum(row.is_behind for row in rows)),
        (_("On the waiting list"), sum(row.waits for row in rows)),
    ]
    return [{"term": term, "value": str(number)} for term, number in counted]


def _let_go(rows: list[Enrolment], person: User, city: int) -> str:
    """Return what whoever wrote people down reads, as long as a draft was let go and they are not enrolled anew."""
    enrolled = {row.email_key for row in rows if row.is_live}
    gone = (row for row in rows if row.team and row.team.state == "lapsed" and row.team.coordinator_id == person.pk)
    if all(row.email_key in enrolled for row in gone):
        return ""
    return cohort_words.of_drafts_let_go(is_approved=is_coordinator(person, city))


def _done(request: HttpRequest) -> list[str]:
    """Return what was just done, one sentence each."""
    done = request.GET.get("done", "")
    if done != "enrolled":
        return [str(DONE[done])] if done in DONE else []
    return [
        cohort_words.of_outcome(name, number) for name in cohort_words.OUTCOMES if (number := _number(request, name))
    ]


def _number(request: HttpRequest, name: str) -> int:
    said = request.GET.get(name, "")
    return int(said) if said.isdecimal() and len(said) < 4 else 0
