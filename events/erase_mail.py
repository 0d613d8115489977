"""The mail that asks whoever owns an address whether everything about it shall be erased."""

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override

from events import tokens
from events.models import Registration
from events.services import goes_with_account, notices
from mail import kinds
from mail.kinds import MailKind, NoLongerMakesSense, Rendering
from mail.models import Message


def register_kind() -> None:
    """Make the mail known to the outbox; called once, when the app is ready."""
    kinds.register(MailKind(notices.ERASE, question, gettext_lazy("Question before data are erased")))


def question(message: Message) -> Rendering:
    """Write the question with its link, or, where there is an account, where that is deleted."""
    registration = Registration.objects.filter(pk=message.params["registration"], erased_at=None).first()
    if registration is None:
        raise NoLongerMakesSense("The registration is gone.")
    known = goes_with_account(registration)
    return Rendering(
        subject=_("Erase your data?"),
        template="mail/notice",
        context={
            "to_name": registration.short_name,
            "paragraphs": _to_account(registration) if known else _to_guest(),
            "button": _account_button(message.language) if known else _guest_button(registration),
            "closing": [_("If it was not you, you can ignore this mail: nothing is erased without you.")],
            "reason": _(
                "You get this mail because somebody asked on our site to erase what we keep about this address."
            ),
        },
    )


def _to_guest() -> list[str]:
    return [
        _("Somebody, perhaps you, asked us to erase everything that we keep about this address."),
        _(
            "The page behind the button says what goes and what stays, and asks once more. Registrations for events to"
            " come are cancelled, and their seats go to others. The link works for one day."
        ),
    ]


def _to_account(registration: Registration) -> list[str]:
    asked = _("Somebody, perhaps you, asked us to erase everything that we keep about this address.")
    if registration.person_id is None:
        return [
            asked,
            _("There is an account with this address. Sign in to download your data or to delete the account."),
        ]
    return [
        asked,
        _("This registration belongs to an account. Sign in to download your data or to delete the account."),
    ]


def _guest_button(registration: Registration) -> dict[str, str]:
    address = reverse("event_erase", args=[tokens.make_erasure(registration.uuid, registration.token_version)])
    return {"url": settings.BASE_URL + address, "label": _("See what would be erased")}


def _account_button(language: str) -> dict[str, str]:
    with override(language):
        return {"url": settings.BASE_URL + reverse("account_data"), "label": _("My data")}
