"""Asking for the newsletter: an address of its own, so that pages with the short form can be kept without a token.

Without a token anybody could send the form from elsewhere; all they would reach is one mail with a question.
"""

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from core import limits
from core.emailkeys import mailbox_key
from newsletter import wording
from newsletter.forms import SubscribeForm
from newsletter.services import ask

PER_NETWORK = limits.Limit("subscribe-network", settings.SUBSCRIPTIONS_PER_NETWORK_PER_HOUR, 3600)
PER_ADDRESS = limits.Limit("subscribe-address", settings.SUBSCRIPTIONS_PER_ADDRESS_PER_HOUR, 3600)
# Each `+tag` is an address of its own to the services, so the mails of a mailbox are counted by nothing else.
PER_ADDRESS_A_WEEK = limits.Limit("subscribe-address-week", settings.SUBSCRIPTIONS_PER_ADDRESS_PER_WEEK, 7 * 24 * 3600)


@method_decorator([never_cache, csrf_exempt], name="dispatch")
class SubscribeView(View):
    """Shows the form and takes what it says; the answer is the same for an address that is known already."""

    http_method_names = ["get", "head", "post", "options"]

    def get(self, request: HttpRequest) -> HttpResponse:
        """Show the form."""
        return self._show(SubscribeForm())

    def post(self, request: HttpRequest) -> HttpResponse:
        """Ask for the mail that confirms, or show the form again with everything that was typed."""
        form = SubscribeForm(request.POST)
        if form.is_robot:
            return self._done()
        is_valid = form.is_valid()
        if limit := self._limit(form):
            return self._slow_down(form, limit)
        if not is_valid:
            return self._show(form, status=422)
        said = form.cleaned_data
        ask(
            email=said["email"],
            language=said["language"],
            country=said["country"],
            interests=said["interests"],
            channel=request.path,
            wording=wording.agreeing(),
        )
        return self._done()

    def _limit(self, form: SubscribeForm) -> limits.Limit | None:
        asked = [(PER_NETWORK, limits.network(self.request))]
        if address := form.cleaned_data.get("email"):
            mailbox = mailbox_key(address)
            # The first that is passed says how long to wait: where both are, that is a week.
            asked += [(PER_ADDRESS_A_WEEK, mailbox), (PER_ADDRESS, mailbox)]
        return limits.exceeded(asked)

    def _show(self, form: SubscribeForm, status: int = 200) -> HttpResponse:
        context = {"form": form, "wording": wording.agreeing()}
        return render(self.request, "newsletter/subscribe.html", context, status=status)

    def _slow_down(self, form: SubscribeForm, limit: limits.Limit) -> HttpResponse:
        form.add_error(None, limits.TOO_OFTEN)
        return limits.slowed(self._show(form), limit)

    def _done(self) -> HttpResponse:
        return HttpResponseRedirect(reverse("newsletter_asked"), status=303)


@require_safe
@never_cache
def asked(request: HttpRequest) -> HttpResponse:
    """Say that a mail is on its way, whatever it will say."""
    return render(request, "newsletter/asked.html")
