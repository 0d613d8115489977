"""A person's own cities, and for a coordinator the team: who asks, who belongs to it, and what can be done about it."""

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import npgettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.middleware import staff_show_a_factor
from accounts.models import User
from accounts.visitors import signed_in
from mail import undo
from mail.rehearsal import rehearse
from municipalities import rules, services
from municipalities.audiences import mailed, zones_of
from municipalities.errors import EndsBeforeStart, Gone, MembershipError, NotRehearsed, NotYours
from municipalities.models import HeldDecision, Membership
from municipalities.services.foreseeing import ToBeTold, foresee_approving, foresee_declining
from municipalities.teams import Refused, action_form, coordinated_by, said_about

# Of a number that a column can hold.
LONGEST_KEY = 19
Action = Callable[[HttpRequest, int], HttpResponse]


@never_cache
@login_required
@require_safe
def my_cities(request: HttpRequest) -> HttpResponse:
    """Show a person's own memberships and the teams that they coordinate; three statements at most."""
    return _page(request)


def _action(view: Action) -> Action:
    """Let people who are signed in act by POST.

    Whoever only reads the address, as in another language or after signing in anew, is led to the page with the forms.
    """

    @staff_show_a_factor
    @never_cache
    @login_required
    @require_http_methods(["GET", "HEAD", "POST"])
    @wraps(view)
    def answer(request: HttpRequest, pk: int) -> HttpResponse:
        return view(request, pk) if request.method == "POST" else _back()

    return answer


@_action
def approve(request: HttpRequest, pk: int) -> HttpResponse:
    """Approve a colleague; one whose drafts would be sent once it has been read whom that writes to."""
    seen, rehearsed = request.POST.get("seen"), request.POST.get("rehearsed", "")
    try:
        return _act(
            request,
            Refused("approve", pk, action_form("approve", pk, request.POST)),
            lambda by: services.approve_or_hold(membership_id=pk, by=by, seen=seen, rehearsed=rehearsed),
            done=_("Your colleague belongs to the team now."),
        )
    except NotRehearsed as refusal:
        membership = get_object_or_404(Membership.objects.for_display(), pk=pk)
        said = {"decision": "approve", "seen": membership.as_asked}
        return _rehearse(request, membership, foresee_approving(membership), str(refusal), said)


def _rehearse(
    request: HttpRequest, membership: Membership, told: ToBeTold, refusal: str, said: dict[str, str]
) -> HttpResponse:
    """Show whom deciding about a colleague writes to, by language and the zone of cities alone: nothing of others'
    accounts. `said` is which decision it is, and what its form posts once more.
    """
    number, was_read = len(told.people), bool(request.POST.get("rehearsed"))
    context = {
        **said,
        "membership": membership,
        "told": told,
        "mails": [(one, rehearse(one.audience), zones_of(one, told.city)) for one in mailed(told)],
        "people_in_words": npgettext("goes to them", "%(number)s person", "%(number)s people", number)
        % {"number": number},
        "minutes": undo.window_in_words() if undo.undo_window() else "",
        "refusal": refusal if was_read else "",
    }
    status = HTTPStatus.CONFLICT if was_read else HTTPStatus.OK
    return render(request, "municipalities/decision_rehearsed.html", context, status=status)


@_action
def take_back(request: HttpRequest, pk: int) -> HttpResponse:
    """Take back what is decided about a colleague, as long as it has not taken effect."""
    given = request.POST.get("decision", "")
    decision = int(given) if given.isascii() and given.isdigit() and len(given) < LONGEST_KEY else 0
    return _act(
        request,
        Refused("take_back", pk, action_form("take_back", pk, request.POST)),
        lambda by: services.take_back_decision(decision_id=decision, by=by),
        done=_("Taken back: nobody is written to, and the request waits as before."),
    )


@_action
def decline(request: HttpRequest, pk: int) -> HttpResponse:
    """Decline a colleague's request, with a reason; one whose team holds seats that others wait for once it has been
    read whom that writes to.
    """
    form, rehearsed = action_form("decline", pk, request.POST), request.POST.get("rehearsed", "")
    try:
        return _act(
            request,
            Refused("decline", pk, form),
            lambda by: services.decline_or_hold(
                membership_id=pk, by=by, reason=form.cleaned_data["reason"], rehearsed=rehearsed
            ),
            done=_("The request is declined."),
        )
    except NotRehearsed as refusal:
        membership = get_object_or_404(Membership.objects.for_display(), pk=pk)
        said = {"decision": "decline", "reason": form.cleaned_data["reason"]}
        return _rehearse(request, membership, foresee_declining(membership, reason=said["reason"]), str(refusal), said)


@_action
def end(request: HttpRequest, pk: int) -> HttpResponse:
    """End a membership: one's own, or a colleague's."""
    form = action_form("end", pk, request.POST)
    return _act(
        request,
        Refused("end", pk, form),
        lambda by: services.end_membership(membership_id=pk, by=by, ends_on=form.cleaned_data["ends_on"]),
        done=_("Saved."),
    )


@_action
def appoint(request: HttpRequest, pk: int) -> HttpResponse:
    """Make a colleague a coordinator too."""
    return _act(
        request,
        Refused("appoint", pk, action_form("appoint", pk, request.POST)),
        lambda by: services.make_coordinator(membership_id=pk, by=by),
        done=_("Your colleague coordinates the team now, as you do."),
    )


def _act(request: HttpRequest, attempt: Refused, verb: Callable[[User], Any], *, done: str) -> HttpResponse:
    """Call a service, or show the page with what was sent; strangers learn nothing, not even of the membership."""
    if not attempt.form.is_valid():
        _let_nobody_else_in(request, attempt)
        return _page(request, attempt, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    try:
        did = verb(signed_in(request))
    except NotRehearsed:
        raise
    except (Gone, NotYours) as refusal:
        raise Http404 from refusal
    except MembershipError as refusal:
        attempt.form.add_error("ends_on" if isinstance(refusal, EndsBeforeStart) else None, str(refusal))
        return _page(request, attempt, status=HTTPStatus.CONFLICT)
    # What is held says on the page itself, beside its button, when it takes effect.
    if not isinstance(did, HeldDecision):
        messages.success(request, done)
    return _back()


def _let_nobody_else_in(request: HttpRequest, attempt: Refused) -> None:
    """Raise Http404 where the service would have found whoever asks to be a stranger."""
    membership = get_object_or_404(Membership, pk=attempt.membership_id)
    may = rules.may_approve if attempt.action == "decline" else rules.may_end
    if not may(signed_in(request), membership):
        raise Http404


def _page(request: HttpRequest, refused: Refused | None = None, *, status: int = 200) -> HttpResponse:
    person = signed_in(request)
    own = list(Membership.objects.of_person(person).for_display().order_by("-asked_at", "-pk"))
    teams = coordinated_by(person, own)
    context = {"memberships": own, "teams": teams, **(said_about(refused, own, teams) if refused else {})}
    return render(request, "municipalities/my_cities.html", context, status=status)


def _back() -> HttpResponse:
    response = redirect("my_cities")
    response.status_code = HTTPStatus.SEE_OTHER
    return response
