"""Signing somebody in from a page of another app who has shown that an address is theirs, or letting them show it."""

from http import HTTPStatus
from urllib.parse import urlencode

from allauth.account.internal.flows.login import perform_login, record_authentication
from allauth.account.internal.flows.login_by_code import LoginCodeVerificationProcess
from allauth.account.models import Login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from accounts.forms import RequestLoginCodeForm
from accounts.models import User


def let_in(request: HttpRequest, person: User, *, onwards: str) -> HttpResponse:
    """Sign in whoever opened a link that only their mailbox had, and lead them onwards.

    Only for an account that this very link has just made: a mail may be forwarded, and an account that was there
    before holds more than what the mail is about. allauth takes its usual way, second factor included.
    """
    record_authentication(request, person, method="code", email=person.email)
    response = perform_login(request, Login(user=person, redirect_url=onwards, email=person.email))
    response.status_code = HTTPStatus.SEE_OTHER
    return response


def ask_for_code(request: HttpRequest, person: User, *, onwards: str) -> HttpResponse:
    """Mail a code to the person's own address and lead to the page that asks for it, then onwards.

    As often as the sign-in page allows; beyond that it leads to the sign-in page, which says so. Each call counts as
    one of the tries that the person has for signing in: the caller needs a limit of its own before it, or whoever comes
    that way has mails sent to somebody and uses their tries up. The page that follows names the address and shows that
    it has an account: the caller must let nobody come here who does not know both, as the holder of a link does that
    was mailed to that very address, and answer everybody else as if there were no account.
    """
    form = RequestLoginCodeForm({"email": person.email})
    way = "account_request_login_code"
    if form.is_valid():
        LoginCodeVerificationProcess.initiate(request=request, user=form._user, email=form.cleaned_data["email"])
        way = "account_confirm_login_code"
    return HttpResponseRedirect(f"{reverse(way)}?{urlencode({'next': onwards})}", status=HTTPStatus.SEE_OTHER)
