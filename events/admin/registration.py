"""One registration in the admin: what was said, what happened, and the three things that staff may do."""

from typing import Any

from django import forms
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from wagtail.admin.views.generic.models import InspectView
from wagtail.admin.views.generic.permissions import PermissionCheckedMixin

from accounts.visitors import signed_in
from core import countries, languages, personal
from core.admin.acts import ActView
from events import reminder_words, rules
from events.enums import Actor
from events.errors import EventError
from events.models import Registration
from events.services import cancel, promote, renew_links
from mail.addresses import envelope_address
from mail.enums import Stream
from mail.services import suppressed


def _find(pk: int) -> Registration:
    found = Registration.objects.with_place().select_related("event", "organisation_type", "person")
    return get_object_or_404(found, pk=pk)


class RegistrationView(InspectView):
    """What staff see of one registration; `events.view_registration` is needed."""

    any_permission_required = ["view"]
    template_name = "events/admin/registration.html"
    page_title = _("Registration")

    def get_object(self, queryset=None) -> Registration:
        """Return the registration with all that the page shows."""
        return _find(self.pk)

    def get_fields(self) -> list[str]:
        """Return nothing: the template names what it shows."""
        return []

    def get_page_subtitle(self) -> str:
        """Return the name."""
        return str(personal.shown_name(self.object))

    @property
    def actions(self) -> list[dict[str, Any]]:
        """What is possible now, for those who may."""
        found = self.object
        is_open = found.is_live and not found.event.is_over
        if not is_open or not rules.may_change_registrations(self.request.user):
            return []
        offered = [(_("Cancel this registration"), "registrations:cancel")]
        if not found.event.is_cancelled:
            offered.insert(0, (RenewLinksView.button, "registrations:links"))
        if found.is_waiting and found.event.gives_seats:
            offered.insert(0, (_("Give a seat"), "registrations:promote"))
        return [{"label": label, "url": reverse(name, args=[found.pk])} for label, name in offered]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the words for codes, and the history."""
        language = languages.current()
        return super().get_context_data(
            **kwargs,
            registration=self.object,
            name=personal.shown_name(self.object),
            address=personal.shown_address(self.object),
            language_name=languages.shown_name(self.object.language),
            country=countries.name(self.object.country, language) if self.object.country else "",
            actions=self.actions,
            changes=self.object.changes.select_related("by"),
            reminders=[
                {
                    "reminder": one,
                    "when": reminder_words.when(one.rule),
                    "state": reminder_words.why_left_out(one) or one.get_state_display(),
                }
                for one in self.object.reminders.select_related("rule")
            ],
            attendances=self.object.attendances.all(),
        )


class ReasonForm(forms.Form):
    """Why staff act on somebody else's registration; it stays in the history."""

    reason = forms.CharField(
        label=_("Reason"), max_length=300, help_text=_("Kept in the history; the person does not see it.")
    )


class RegistrationAct(PermissionCheckedMixin, ActView):
    """Does something with one registration."""

    # Wagtail finds the policy by the model; without one it would let everybody in.
    model = Registration
    permission_required = "change"
    form_class = ReasonForm
    refusals = (EventError,)

    @cached_property
    def registration(self) -> Registration:
        """The registration that is acted on."""
        return _find(self.kwargs["pk"])

    def get_page_subtitle(self) -> str:
        """Return the name."""
        return self.registration.name

    def get_back_url(self) -> str:
        """Return the registration's page."""
        return reverse("registrations:inspect", args=[self.registration.pk])

    def get_trail(self) -> list[dict[str, Any]]:
        """Lead back to the list and to the registration."""
        return [
            {"url": reverse("registrations:index"), "label": _("Registrations")},
            {"url": self.get_back_url(), "label": self.registration.name},
        ]


class CancelView(RegistrationAct):
    """Cancels one registration."""

    page_title = _("Cancel a registration")
    sentence = _("The person gets a mail, the event leaves their calendar, and the first in line gets the seat.")
    button = _("Cancel this registration")
    done = _("The registration is cancelled.")

    def get_sentence(self) -> Any:
        """Promise a seat to the first in line only where one becomes free and can still be given."""
        if self.registration.is_waiting:
            return gettext("The person gets a mail and leaves the waiting list.")
        if not self.registration.event.gives_seats:
            return gettext("The person gets a mail, and the event leaves their calendar.")
        return self.sentence

    def act(self, said: dict[str, Any]) -> None:
        """Cancel in the name of staff."""
        cancel(
            registration_id=self.registration.pk, actor=Actor.STAFF, by=signed_in(self.request), reason=said["reason"]
        )


class PromoteView(RegistrationAct):
    """Gives one waiting person a free seat, out of turn."""

    page_title = _("Give a seat")
    sentence = _("The person gets a seat and the invitation, whoever waits before them. A seat must be free.")
    button = _("Give the seat")
    done = _("The person has a seat now.")

    def act(self, said: dict[str, Any]) -> None:
        """Promote in the name of staff."""
        promote(registration_id=self.registration.pk, by=signed_in(self.request), reason=said["reason"])


class LinksForm(ReasonForm):
    """Why the links shall stop working, and which: a form that is sent twice makes no second ones void."""

    version = forms.IntegerField(widget=forms.HiddenInput)


class RenewLinksView(RegistrationAct):
    """Makes every link of one registration worthless and sends new ones."""

    form_class = LinksForm
    page_title = _("Send new links")
    sentence = _(
        "The person gets a mail with new links. Those sent before, to their own page and to the join page, stop "
        "working at once, and whoever else holds them is shut out."
    )
    button = _("Send new links")
    done = _("New links are on their way. Those sent before no longer work.")
    done_unsent = _(
        "The links sent before no longer work. New ones do not arrive: the address is on the suppression list."
    )

    def get_done(self, acted: Registration) -> Any:
        """Say whether the mail with them can leave."""
        address = envelope_address(acted.email)
        return self.done_unsent if suppressed(addresses=[address], stream=Stream.TRANSACTIONAL) else self.done

    def get_initial(self) -> dict[str, Any]:
        """Name the links that staff have before them."""
        return {"version": self.registration.token_version}

    def act(self, said: dict[str, Any]) -> Registration:
        """Renew in the name of staff."""
        return renew_links(
            registration_id=self.registration.pk,
            version=said["version"],
            actor=Actor.STAFF,
            by=signed_in(self.request),
            reason=said["reason"],
        )
