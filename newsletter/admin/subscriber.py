"""One subscriber in the admin: what holds, what was agreed to word for word, and what staff may do about it."""

from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from wagtail.admin.views.generic.models import InspectView

from accounts.enums import Channel
from accounts.models import ConsentRecord
from accounts.visitors import signed_in
from core import countries, languages
from core.admin.acts import ActView
from core.forms import Line
from events.forms import AddressField
from mail.admin.mailbox import VIEW as READ_MAIL
from mail.admin.mailbox import address_url
from newsletter import rules, services
from newsletter.enums import GONE_STATES, SubscriberState
from newsletter.errors import NewsletterRefused
from newsletter.models import Subscriber
from newsletter.wording import PURPOSE


def topics(subscriber: Subscriber) -> str:
    """Return the topics that somebody chose, as words."""
    return _(", ").join(term.label for term in subscriber.interests.all())


class SubscriberView(InspectView):
    """What staff see of one subscriber; `newsletter.view_subscriber` is needed."""

    any_permission_required = ["view"]
    template_name = "newsletter/admin/subscriber.html"
    page_title = _("Subscriber")

    def get_object(self, queryset: Any = None) -> Subscriber:
        """Return the subscriber with all that the page shows."""
        found = Subscriber.objects.select_related("person").prefetch_related("interests")
        return get_object_or_404(found, pk=self.pk)

    def get_fields(self) -> list[str]:
        """Return nothing: the template names what it shows."""
        return []

    def get_edit_url(self) -> None:
        """Return nothing: a subscriber is changed by what the page offers."""

    def get_page_subtitle(self) -> str:
        """Return the address."""
        return self.object.email

    @property
    def actions(self) -> list[dict[str, Any]]:
        """What is possible now, for those who may."""
        found = self.object
        if not rules.may_change_subscribers(self.request.user):
            return []
        if found.state == SubscriberState.BLOCKED:
            offered = [(UnblockView.button, reverse("subscribers:unblock", args=[found.pk]))]
        else:
            offered = [(BlockView.button, f"{reverse('subscribers:block')}?subscriber={found.pk}")]
        if found.state not in GONE_STATES:
            offered.insert(0, (UnsubscribeView.button, reverse("subscribers:unsubscribe", args=[found.pk])))
        return [{"label": label, "url": url} for label, url in offered]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the words for codes, the consents and the history."""
        found, language = self.object, languages.current()
        return super().get_context_data(
            **kwargs,
            subscriber=found,
            language=languages.shown_name(found.language),
            country=countries.name(found.country, language) if found.country else "",
            topics=topics(found),
            actions=self.actions,
            consents=[
                {"record": one, "form": _form_in_words(one.channel)}
                for one in ConsentRecord.objects.about(found.email).for_purpose(PURPOSE)
            ],
            changes=found.changes.select_related("by"),
            mailbox_url=address_url(found.email) if self.request.user.has_perm(READ_MAIL) else "",
        )


def _form_in_words(channel: str) -> Any:
    return Channel(channel).label if channel in Channel.values else channel


class ReasonForm(forms.Form):
    """Why staff decide about somebody else's subscription; it stays in the history."""

    reason = Line(label=_("Reason"), max_length=300, help_text=_("Kept in the history; the person does not see it."))


class BlockForm(ReasonForm):
    """Which address is blocked, and why."""

    field_order = ["email", "reason"]

    email = AddressField(label=_("E-mail address"), max_length=254)


class SubscriberAct(ActView):
    """Does something with one subscriber, for a reason."""

    form_class: type[forms.Form] = ReasonForm
    refusals = (NewsletterRefused,)

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Refuse who may not, before anything is read."""
        if not rules.may_change_subscribers(signed_in(request)):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    @cached_property
    def subscriber(self) -> Subscriber | None:
        """Who is acted on; nobody yet where an address is typed."""
        return get_object_or_404(Subscriber, pk=self.kwargs["pk"])

    def get_back_url(self) -> str:
        """Return the subscriber's own page, or the list."""
        found = self.subscriber
        return reverse("subscribers:inspect", args=[found.pk]) if found else reverse("subscribers:index")

    def get_done_url(self, acted: Subscriber) -> str:
        """Return the page of the subscriber, known by now."""
        return reverse("subscribers:inspect", args=[acted.pk])

    def get_page_subtitle(self) -> str:
        """Return the address."""
        return self.subscriber.email if self.subscriber else ""

    def get_trail(self) -> list[dict[str, Any]]:
        """Lead back to the list and to the subscriber."""
        found = self.subscriber
        own = [{"url": self.get_back_url(), "label": found.email}] if found else []
        return [{"url": reverse("subscribers:index"), "label": _("Subscribers")}, *own]

    def form_valid(self, form: forms.Form) -> HttpResponse:
        """Act; who was erased since they were looked up is on the list no more."""
        try:
            return super().form_valid(form)
        except Subscriber.DoesNotExist:
            return redirect("subscribers:index")


class UnsubscribeView(SubscriberAct):
    """Ends a subscription for somebody who asked staff to."""

    page_title = _("Unsubscribe")
    sentence = _("No newsletter is sent to this address any more. Whoever owns it can subscribe again.")
    button = _("Unsubscribe")
    done = _("The subscription has ended.")

    def act(self, said: dict[str, Any]) -> Subscriber:
        """Unsubscribe in the name of staff."""
        return services.unsubscribe_by_staff(
            subscriber_id=self.kwargs["pk"], by=signed_in(self.request), reason=said["reason"]
        )


class BlockView(SubscriberAct):
    """Blocks an address, known or not."""

    form_class = BlockForm
    page_title = _("Block an address")
    sentence = _(
        "No newsletter is sent to this address, and nobody can subscribe it: who tries is told what everybody is told,"
        " and no mail leaves."
    )
    button = _("Block")
    done = _("The address is blocked.")

    @cached_property
    def subscriber(self) -> Subscriber | None:
        """The subscriber from whose page staff came."""
        given = self.request.GET.get("subscriber", "")
        is_key = given.isascii() and given.isdigit() and len(given) < 19
        return Subscriber.objects.filter(pk=int(given)).first() if is_key else None

    def get_initial(self) -> dict[str, Any]:
        """Offer that subscriber's address."""
        return {"email": self.subscriber.email} if self.subscriber else {}

    def act(self, said: dict[str, Any]) -> Subscriber:
        """Block in the name of staff."""
        return services.block_address(email=said["email"], by=signed_in(self.request), reason=said["reason"])


class UnblockView(SubscriberAct):
    """Lifts a block."""

    page_title = _("Unblock an address")
    sentence = _("Whoever owns this address can subscribe again. Until they do and confirm it, nothing is sent there.")
    button = _("Unblock")
    done = _("The address is not blocked any more.")

    def act(self, said: dict[str, Any]) -> Subscriber:
        """Lift the block in the name of staff."""
        return services.unblock_subscriber(
            subscriber_id=self.kwargs["pk"], by=signed_in(self.request), reason=said["reason"]
        )
