"""What the mails about a subscription say, written from the record at the moment they leave."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from mail import kinds
from mail.kinds import MailKind, NoLongerMakesSense, Rendering
from mail.models import Message
from newsletter import addresses
from newsletter.enums import SubscriberState
from newsletter.models import Subscriber
from newsletter.services import notices


def register_kinds() -> None:
    """Make these mails known to the outbox; called once, when the app is ready."""
    kinds.register(MailKind(notices.CONFIRM, question, gettext_lazy("Question whether to subscribe")))
    kinds.register(MailKind(notices.KNOWN, known, gettext_lazy("Subscribed already")))


def question(message: Message) -> Rendering:
    """Write the question whether the newsletter may be sent here, with the button that answers it."""
    subscriber = _subscriber(message, SubscriberState.ASKED)
    return Rendering(
        subject=_("Subscribe to the newsletter?"),
        template="mail/notice",
        context={
            "paragraphs": [
                _("Somebody, perhaps you, asked for the GKEC newsletter at this address."),
                _("The page behind the button asks once more. The link works for seven days."),
            ],
            "button": {"url": addresses.confirm_url(subscriber.uuid, message.language), "label": _("Subscribe")},
            "closing": [_("If it was not you, you can ignore this mail: nothing is sent without you.")],
            "way_out": {
                "url": addresses.unwanted_url(subscriber.uuid, message.language),
                "label": _("Do not ask again"),
            },
            "reason": _("You get this mail because somebody asked for our newsletter with this address."),
        },
    )


def known(message: Message) -> Rendering:
    """Write that this address has the newsletter already, and where to change or end that."""
    subscriber = _subscriber(message, SubscriberState.CONFIRMED)
    return Rendering(
        subject=_("You are subscribed already"),
        template="mail/notice",
        context={
            "paragraphs": [_("The GKEC newsletter goes to this address. You can change its language and topics.")],
            "button": {"url": addresses.preferences_url(subscriber.uuid, message.language), "label": _("Preferences")},
            "reason": _("You get this mail because somebody asked for our newsletter with this address."),
        },
    )


def _subscriber(message: Message, state: SubscriberState) -> Subscriber:
    subscriber = Subscriber.objects.filter(pk=message.params["subscriber"], state=state).first()
    if subscriber is None:
        raise NoLongerMakesSense("The subscription is gone or stands otherwise by now.")
    return subscriber
