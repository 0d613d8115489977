"""Deciding from the queue of requests: at once what writes to one person, read and then held what writes to many.

Each decision is posted by a row of the queue. One that writes to many is answered with a page of its own, on which
staff read whom it tells and how that reads, and which posts it once more.
"""

from typing import Any
from urllib.parse import urlencode

from django import forms
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.generic import View
from wagtail.admin import messages
from wagtail.admin.views.generic.permissions import PermissionCheckedMixin

from accounts.visitors import signed_in
from core.admin.acts import ActView
from core.forms import Line
from mail import undo
from mail.admin.dry_run import Part, SampleView, rehearsed
from mail.isolates import isolate
from mail.rehearsal import Audience
from municipalities import services
from municipalities.audiences import mailed
from municipalities.enums import DecisionKind, Standing
from municipalities.errors import Gone, MembershipError, NotRehearsed, NotRepresentable, TooLateToTakeBack
from municipalities.models import HeldDecision, LocalGovernment, Membership
from municipalities.services.foreseeing import (
    ToBeTold,
    foresee_approving,
    foresee_declining,
    foresee_merging,
    foresee_refusing,
)

REFUSED = 422
TITLE = _("Requests to represent a city")
REASON = _("Write a reason of at most 300 characters: the person reads it.")
HELD = _("Decided. It takes effect in %(minutes)s: until then nobody is written to, and you can take it back here.")


def is_proposed(membership: Membership) -> bool:
    """Whether a request is for a city that is not listed yet."""
    return membership.local_government.standing == Standing.PENDING


class DecisionForm(forms.Form):
    """Where in the queue a request stood, and what has been read of whom the decision tells."""

    p = forms.CharField(required=False, widget=forms.HiddenInput)
    q = forms.CharField(required=False, widget=forms.HiddenInput)
    rehearsed = forms.CharField(required=False, widget=forms.HiddenInput)


class ApprovalForm(DecisionForm):
    """What has been read of the request."""

    seen = forms.CharField(required=False, widget=forms.HiddenInput, strip=False)


class MergeForm(DecisionForm):
    """Which listed city a proposed one is."""

    same_as = forms.CharField(required=False, widget=forms.HiddenInput)


class StaffReasonForm(DecisionForm):
    """Why staff decline a request, in words that the person reads."""

    reason = Line(
        label=_("Reason"),
        max_length=300,
        error_messages={"required": REASON, "max_length": REASON},
        widget=forms.TextInput(attrs={"dir": "auto"}),
    )


class DecisionView(PermissionCheckedMixin, ActView):
    """Takes one decision from the queue and leads back to it, to the next row."""

    # Wagtail finds the policy by the model; without one it would let everybody in.
    model = Membership
    permission_required = "change"
    http_method_names = ["post"]
    refusals = (MembershipError,)
    kind: Any

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Decide, unless the person has taken their account away meanwhile."""
        if self.membership is None:
            messages.error(request, str(Gone()))
            return HttpResponseRedirect(self.get_back_url())
        return super().post(request, *args, **kwargs)

    @cached_property
    def membership(self) -> Membership | None:
        """The request that is decided; None where its person has taken their account away meanwhile."""
        return Membership.objects.for_display().filter(pk=self.kwargs["pk"]).first()

    def get_page_subtitle(self) -> str:
        """Return person and city."""
        return str(self.membership)

    def get_back_url(self) -> str:
        """Return the queue, at the page and the search from which the decision came."""
        return _queue(self.request)

    def get_trail(self) -> list[dict[str, Any]]:
        """Lead back to the queue."""
        return [{"url": self.get_back_url(), "label": TITLE}]

    def get_done(self, acted: Any) -> Any:
        """Say what happened, or that it will."""
        return HELD % {"minutes": undo.window_in_words()} if isinstance(acted, HeldDecision) else self.done

    def refused(self, refusal: Exception, form: forms.Form) -> HttpResponse:
        """Show whom it tells where that has to be read first; lead back with any other refusal in its own words."""
        if isinstance(refusal, NotRehearsed):
            return self.rehearse(refusal, form)
        messages.error(self.request, str(refusal))
        return HttpResponseRedirect(self.get_back_url())

    def rehearse(self, refusal: NotRehearsed, form: forms.Form) -> HttpResponse:
        """Show whom it tells and how that reads, with a button that decides; say so where that had been read."""
        assert self.membership is not None
        try:
            told = foresee(self.kind, self.membership, form.cleaned_data)
        except NotRepresentable as gone:
            messages.error(self.request, str(gone))
            return HttpResponseRedirect(self.get_back_url())
        again = self.get_form_class()(initial={**form.cleaned_data, "rehearsed": told.mark})
        was_read = bool(form.cleaned_data["rehearsed"])
        if was_read:
            messages.warning(self.request, str(refusal))
        words = {"sentence": self.what_happens(told), "button": self.button_of(told)}
        self.template_name = "mail/admin/rehearsed_act.html"
        context = {**self.get_context_data(form=again), **words, **rehearsed(*self.parts(told, form.cleaned_data))}
        return self.render_to_response(context, status=409 if was_read else 200)

    def parts(self, told: ToBeTold, said: dict[str, Any]) -> list[Part]:
        """Return a part for each mail."""
        query = urlencode({name: said[name] for name in ("reason", "same_as") if said.get(name)})
        at = undo.leaves_at()

        def samples(mail: str) -> Any:
            return lambda language: (
                reverse("membership_queue_sample", args=[self.kwargs["pk"], self.kind, mail, language]) + f"?{query}"
            )

        return [Part(one.audience, at, samples(one.name), one.heading) for one in mailed(told)]

    def what_happens(self, told: ToBeTold) -> str:
        """Return when it takes effect, and who hears of it only later."""
        held = gettext(
            "Nothing happens yet: this takes effect in %(minutes)s. Taken back in the queue before that, nobody is "
            "written to and everything is as it was."
        )
        at_once = gettext("It takes effect at once and cannot be taken back.")
        said = [held % {"minutes": undo.window_in_words()} if undo.undo_window() else at_once]
        if self.kind == DecisionKind.MERGE:
            said.append(gettext("All requests go to %(city)s.") % {"city": isolate(told.city.display_name)})
        if told.drafts.applying:
            words = ngettext(
                "%(number)s person of the team applies for a seat: they are written to once a moderator has decided.",
                "%(number)s people of the team apply for a seat: they are written to once a moderator has decided.",
                told.drafts.applying,
            )
            said.append(words % {"number": told.drafts.applying})
        return " ".join(said)

    def button_of(self, told: ToBeTold) -> str:
        """Return what the button does, to how many, and when; what happens at once it does like any other."""
        decide = self.get_decision()
        if not undo.undo_window():
            return decide
        words = ngettext(
            "%(decide)s: %(number)s person is written to in %(minutes)s",
            "%(decide)s: %(number)s people are written to in %(minutes)s",
            len(told.people),
        )
        return words % {"decide": decide, "number": len(told.people), "minutes": undo.window_in_words()}

    def get_decision(self) -> str:
        """Return what is decided, as the row of the queue calls it."""
        return str(self.button)


class ApproveView(DecisionView):
    """Approves; a proposed city is listed by that."""

    kind = DecisionKind.APPROVE
    form_class = ApprovalForm
    page_title = button = _("Approve")
    done = _("The person represents the city now.")

    def get_decision(self) -> str:
        """Say that a proposed city is listed, too."""
        is_new = self.membership is not None and is_proposed(self.membership)
        return gettext("List the city and approve") if is_new else super().get_decision()

    def act(self, said: dict[str, Any]) -> Membership | HeldDecision:
        """Approve in the name of staff."""
        # What no row of the queue posts approves whatever is asked.
        seen = said["seen"] if "seen" in self.request.POST else None
        return services.approve_or_hold(
            membership_id=self.kwargs["pk"], by=signed_in(self.request), seen=seen, rehearsed=said["rehearsed"]
        )


class DeclineView(DecisionView):
    """Declines, with a reason; a proposed city is refused by that, for everybody who asked.

    What is typed into the row of the queue comes back on a page of its own where it is refused, so that it is not lost.
    """

    form_class = StaffReasonForm
    page_title = button = _("Decline")
    sentence = REASON
    done = _("The request is declined.")

    @property
    def kind(self) -> DecisionKind:
        """Whether one request is declined, or a proposed city refused."""
        is_city = self.membership is not None and is_proposed(self.membership)
        return DecisionKind.REFUSE if is_city else DecisionKind.DECLINE

    def act(self, said: dict[str, Any]) -> Membership | LocalGovernment | HeldDecision | None:
        """Decline in the name of staff."""
        by, membership, reason = signed_in(self.request), self.membership, said["reason"]
        if membership is None:
            return None
        words = {"by": by, "reason": reason, "rehearsed": said["rehearsed"]}
        if not is_proposed(membership):
            return services.decline_or_hold(membership_id=membership.pk, **words)
        return services.refuse_or_hold(local_government_id=membership.local_government_id, **words)

    def form_invalid(self, form: forms.Form) -> HttpResponse:
        """Show what was typed, and what is the matter with it."""
        return self.render_to_response(self.get_context_data(form=form), status=REFUSED)

    def refused(self, refusal: Exception, form: forms.Form) -> HttpResponse:
        """Show whom it tells, or the refusal with what was typed."""
        if isinstance(refusal, NotRehearsed):
            return self.rehearse(refusal, form)
        return ActView.refused(self, refusal, form)


class MergeView(DecisionView):
    """Finds that a proposed city is one that is listed."""

    kind = DecisionKind.MERGE
    form_class = MergeForm
    page_title = button = _("Merge")

    def act(self, said: dict[str, Any]) -> LocalGovernment | HeldDecision:
        """Merge in the name of staff."""
        assert self.membership is not None
        target = _target(said)
        self.done = _("The requests belong to %(city)s now.") % {"city": isolate(target.display_name)}
        return services.refuse_or_hold(
            local_government_id=self.membership.local_government_id,
            by=signed_in(self.request),
            same_as=target.pk,
            rehearsed=said["rehearsed"],
        )


class TakeBackView(PermissionCheckedMixin, View):
    """Takes back a decision that has not taken effect, and leads back to the row of the request."""

    model = Membership
    permission_required = "change"
    http_method_names = ["post"]

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Take it back, or say that it is too late."""
        try:
            services.take_back_decision(decision_id=self.kwargs["pk"], by=signed_in(request))
        except TooLateToTakeBack as refusal:
            messages.warning(request, str(refusal))
        except MembershipError as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, _("Taken back: nobody is written to, and the request waits as before."))
        return HttpResponseRedirect(_queue(request))


class DecisionSampleView(PermissionCheckedMixin, SampleView):
    """The HTML in one language of one of the mails that a decision asks for."""

    model = Membership
    permission_required = "change"

    def get_audience(self) -> Audience:
        """Return who would get that mail, were this decided now."""
        membership = get_object_or_404(Membership.objects.for_display(), pk=self.kwargs["pk"])
        if self.kwargs["kind"] not in DecisionKind.values:
            raise Http404
        try:
            told = foresee(DecisionKind(self.kwargs["kind"]), membership, self.request.GET.dict())
        except NotRepresentable as gone:
            raise Http404 from gone
        for one in mailed(told):
            if one.name == self.kwargs["mail"]:
                return one.audience
        raise Http404


def foresee(kind: DecisionKind, membership: Membership, said: dict[str, Any]) -> ToBeTold:
    """Return whom a decision tells, posted with these words; raises NotRepresentable for a merge into nothing."""
    if kind == DecisionKind.APPROVE:
        return foresee_approving(membership)
    if kind == DecisionKind.DECLINE:
        return foresee_declining(membership, reason=said.get("reason", ""))
    if kind == DecisionKind.REFUSE:
        return foresee_refusing(membership.local_government, reason=said.get("reason", ""))
    return foresee_merging(membership.local_government, _target(said))


def _target(said: dict[str, Any]) -> LocalGovernment:
    given = said.get("same_as", "")
    if not given.isascii() or not given.isdigit():
        raise NotRepresentable
    found = LocalGovernment.objects.filter(pk=given).first()
    if found is None:
        raise NotRepresentable
    return found


def _queue(request: HttpRequest) -> str:
    page, words = request.POST.get("p", ""), request.POST.get("q", "")
    place = {"p": page} if page.isascii() and page.isdigit() else {}
    if words:
        place["q"] = words
    return reverse("membership_queue") + (f"?{urlencode(place)}" if place else "")
