"""A subscriber's own pages, reached by the signed addresses in their mails; only a POST changes anything."""

from contextlib import suppress

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import translation
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from core import languages
from newsletter import tokens, wording
from newsletter.enums import LeftWhy, SubscriberState
from newsletter.errors import AskedOtherwise, NewsletterRefused
from newsletter.forms import PreferencesForm
from newsletter.models import Subscriber
from newsletter.services import ask_no_more, asked_for, change_preferences, leave
from newsletter.services import confirm as confirm_subscription
from newsletter.views.signed import by_token

ONE_CLICK = ("List-Unsubscribe", "One-Click")
# Where consent was withdrawn, without the token, which the log must not keep.
BY_MAIL_PROGRAM, BY_PAGE, BY_QUESTION = "List-Unsubscribe", "/news/unsubscribe/", "/news/unwanted/"


@require_http_methods(["GET", "HEAD", "POST"])
@by_token("confirm")
def confirm(request: HttpRequest, token: str, subscriber: Subscriber | None) -> HttpResponse:
    """Ask once more, since mail scanners follow links; a POST subscribes."""
    if subscriber is None:
        return _ended(request)
    if request.method == "POST":
        return _confirm(request, token, subscriber)
    if subscriber.is_confirmed:
        address = reverse("newsletter_preferences", args=[tokens.sign(subscriber.uuid, "preferences")])
        return render(request, "newsletter/confirmed.html", {"preferences_url": address})
    if subscriber.state != SubscriberState.ASKED:
        return _ended(request)
    return _ask_to_confirm(request, subscriber)


def _confirm(request: HttpRequest, token: str, subscriber: Subscriber) -> HttpResponse:
    try:
        confirm_subscription(subscriber_id=subscriber.pk, shown=request.POST.get("shown"))
    except AskedOtherwise as refusal:
        # As it was looked up for this very request: newer than the page, and marked as it is shown.
        return _ask_to_confirm(request, subscriber, refusal)
    except (NewsletterRefused, Subscriber.DoesNotExist):
        return _ended(request)
    return HttpResponseRedirect(reverse("newsletter_confirm", args=[token]), status=303)


def _ask_to_confirm(
    request: HttpRequest, subscriber: Subscriber, refusal: NewsletterRefused | None = None
) -> HttpResponse:
    form = PreferencesForm.of(subscriber)
    context = {
        "address": subscriber.email,
        "wording": subscriber.wording,
        "choices": form.in_words(),
        "shown": asked_for(subscriber),
        "refusal": refusal,
    }
    return render(request, "newsletter/confirm.html", context, status=409 if refusal else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@by_token("unwanted")
def unwanted(request: HttpRequest, token: str, subscriber: Subscriber | None) -> HttpResponse:
    """Offer whoever was asked unasked to be asked no more; a POST sees to it, for good and without a sign to others."""
    if subscriber is None:
        return render(request, "newsletter/left.html")
    if request.method == "POST":
        # Erased since it was looked up: nobody is left who could be asked.
        with suppress(Subscriber.DoesNotExist):
            ask_no_more(subscriber_id=subscriber.pk, channel=BY_QUESTION)
        return HttpResponseRedirect(reverse("newsletter_unwanted", args=[token]), status=303)
    is_done = subscriber.state == SubscriberState.BLOCKED
    context = {"address": subscriber.email, "is_done": is_done, "wording": wording.leaving()}
    return render(request, "newsletter/unwanted.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@by_token("preferences")
def preferences(request: HttpRequest, token: str, subscriber: Subscriber | None) -> HttpResponse:
    """Show what somebody reads; a POST changes it."""
    if subscriber is None or not subscriber.is_confirmed:
        return _ended(request)
    form = PreferencesForm.of(subscriber, request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        try:
            change_preferences(subscriber_id=subscriber.pk, **form.cleaned_data)
        except (NewsletterRefused, Subscriber.DoesNotExist):
            return _ended(request)
        # The page goes on in the language in which the newsletter will come.
        with translation.override(form.cleaned_data["language"]):
            address = reverse("newsletter_preferences", args=[token])
        return HttpResponseRedirect(f"{address}?saved", status=303)
    context = {
        "form": form,
        "address": subscriber.email,
        "is_saved": "saved" in request.GET,
        "unsubscribe_url": reverse("newsletter_unsubscribe", args=[tokens.sign(subscriber.uuid, "unsubscribe")]),
    }
    return render(request, "newsletter/preferences.html", context, status=422 if form.is_bound else 200)


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
@by_token("unsubscribe")
def unsubscribe(request: HttpRequest, token: str, subscriber: Subscriber | None) -> HttpResponse:
    """End a subscription: at once for a mail program (RFC 8058, POST without a cookie), by a button for people.

    The token is all that is asked for, so neither door needs a cookie, and both work for ever.
    """
    language = subscriber.language if subscriber else languages.current()
    with translation.override(language):
        response = _unsubscribe(request, token, subscriber)
    response["Content-Language"] = language
    return response


def _unsubscribe(request: HttpRequest, token: str, subscriber: Subscriber | None) -> HttpResponse:
    name, value = ONE_CLICK
    is_one_click = request.method == "POST" and request.POST.get(name) == value
    if request.method == "POST" and subscriber is not None:
        _leave(subscriber, is_one_click=is_one_click)
    if is_one_click:
        return HttpResponse("OK\n", content_type="text/plain; charset=utf-8")
    if request.method == "POST":
        return HttpResponseRedirect(reverse("newsletter_unsubscribe", args=[token]), status=303)
    if subscriber is None or subscriber.state not in {SubscriberState.ASKED, SubscriberState.CONFIRMED}:
        return render(request, "newsletter/left.html")
    context = {"address": subscriber.email, "wording": wording.leaving()}
    return render(request, "newsletter/unsubscribe.html", context)


def _leave(subscriber: Subscriber, *, is_one_click: bool) -> None:
    try:
        leave(
            subscriber_id=subscriber.pk,
            why=LeftWhy.ONE_CLICK if is_one_click else LeftWhy.LINK,
            channel=BY_MAIL_PROGRAM if is_one_click else BY_PAGE,
        )
    except Subscriber.DoesNotExist:
        # Erased since it was looked up: it gets nothing either way.
        return


def _ended(request: HttpRequest) -> HttpResponse:
    return render(request, "newsletter/ended.html", status=410)
