"""A person's own cities, and for a coordinator the team: who asks, who belongs to it, and what can be done about it."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts.models import User
from accounts.visitors import signed_in
from municipalities import services
from municipalities.errors import MembershipError, NotYours
from municipalities.member_forms import LastDayForm, ReasonForm
from municipalities.models import Membership
from municipalities.teams import coordinated_by

SEE_OTHER = 303


@never_cache
@login_required
@require_safe
def my_cities(request: HttpRequest) -> HttpResponse:
    """Show a person's own memberships and the teams that they coordinate; two statements."""
    person = signed_in(request)
    own = list(Membership.objects.of_person(person).for_display().order_by("-asked_at", "-pk"))
    return render(request, "municipalities/my_cities.html", {"memberships": own, "teams": coordinated_by(person, own)})


@never_cache
@login_required
@require_POST
def approve(request: HttpRequest, pk: int) -> HttpResponse:
    """Approve a colleague."""
    seen = request.POST.get("seen")
    return _act(
        request,
        lambda by: services.approve_membership(membership_id=pk, by=by, seen=seen),
        done=_("Your colleague belongs to the team now."),
    )


@never_cache
@login_required
@require_POST
def decline(request: HttpRequest, pk: int) -> HttpResponse:
    """Decline a colleague's request, with a reason."""
    form = ReasonForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Write a reason of at most 300 characters: your colleague reads it."))
        return _back()
    reason = form.cleaned_data["reason"]
    return _act(
        request,
        lambda by: services.decline_membership(membership_id=pk, by=by, reason=reason),
        done=_("The request is declined."),
    )


@never_cache
@login_required
@require_POST
def end(request: HttpRequest, pk: int) -> HttpResponse:
    """End a membership: one's own, or a colleague's."""
    form = LastDayForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Write the last day as a date, or leave it empty for today."))
        return _back()
    last = form.cleaned_data["ends_on"]
    return _act(
        request,
        lambda by: services.end_membership(membership_id=pk, by=by, ends_on=last),
        done=_("Saved."),
    )


@never_cache
@login_required
@require_POST
def appoint(request: HttpRequest, pk: int) -> HttpResponse:
    """Make a colleague a coordinator too."""
    return _act(
        request,
        lambda by: services.make_coordinator(membership_id=pk, by=by),
        done=_("Your colleague coordinates the team now, as you do."),
    )


def _act(request: HttpRequest, verb: Callable[[User], Any], *, done: str) -> HttpResponse:
    """Call a service; strangers learn nothing, not even whether there is such a membership."""
    try:
        verb(signed_in(request))
    except (Membership.DoesNotExist, NotYours) as refusal:
        raise Http404 from refusal
    except MembershipError as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, done)
    return _back()


def _back() -> HttpResponse:
    response = redirect("my_cities")
    response.status_code = SEE_OTHER
    return response
