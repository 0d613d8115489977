"""What the outbox keeps about people, and for how long."""

from datetime import datetime

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from core import personal
from core.personal import Column, Kind, Rule, Subject
from mail import rendering
from mail.addresses import ERASED
from mail.models import Attempt, Message, Suppression, Variant
from mail.services import erasing


def register_kinds() -> None:
    """Make the app's kinds of personal data known; called once, when the app is ready."""
    personal.register(_MESSAGES, _SUPPRESSIONS)


def _found(subject: Subject) -> QuerySet[Message]:
    return erasing.messages_of(subject).select_related("variant")


def _text(message: Message) -> str:
    # Whoever reads the copy, staff among them, must be able neither to sign in with it nor to act as its person.
    return "" if message.is_secret else rendering.shown(message).text


def _with_words(before: datetime) -> QuerySet:
    answered = Exists(Attempt.objects.filter(message=OuterRef("pk")).exclude(reply=""))
    late_answer = Q(to_address=ERASED, finished_at__isnull=False) & (~Q(last_reply="") | answered)
    return Message.objects.filter(Q(finished_at__lt=before, blanked_at=None) | late_answer)


def _ended(before: datetime) -> QuerySet:
    return Message.objects.filter(finished_at__lt=before)


def _unshared(before: datetime) -> QuerySet:
    # A worker holds words in hand for minutes before a message names them; no period is shorter than a day.
    shared = Exists(Message.objects.filter(variant=OuterRef("pk")))
    return Variant.objects.filter(~shared, last_used_at__lt=before)


def _expired(before: datetime) -> QuerySet:
    return Suppression.objects.filter(expires_at__lt=before)


def _left(before: datetime) -> QuerySet:
    return erasing.left_the_list().filter(at__lt=before)


_MESSAGES = Kind(
    name="messages",
    label=_("Mails"),
    about=_("Every mail that we sent you or wanted to send: address, words, times and the mail server’s answer."),
    models=("mail.Message", "mail.Attempt", "mail.Report", "mail.Resend"),
    find=_found,
    columns=(
        "kind",
        "to_address",
        "to_name",
        "language",
        "state",
        "created_at",
        "finished_at",
        "attempts",
        "last_reply",
        Column("subject", _("Subject"), lambda message: message.shown_subject),
        Column("text", _("Text"), _text),
    ),
    rules=(
        Rule(
            "RETENTION_MAIL_WORDS_DAYS",
            _("The words of a mail are deleted %(period)s after sending it has ended."),
            "finished_at",
            _with_words,
            erasing.blank_words,
        ),
        Rule(
            "RETENTION_MAIL_WORDS_DAYS",
            _("Words that many mails share are deleted %(period)s after their last use, once no mail needs them."),
            "last_used_at",
            _unshared,
            erasing.delete_variants,
        ),
        Rule(
            "RETENTION_MAIL_DAYS",
            _("The note that it was sent is deleted %(period)s after sending it has ended."),
            "finished_at",
            _ended,
            erasing.delete_messages,
        ),
    ),
    erase=lambda subject: erasing.erase_messages(subject=subject),
    stays=_("That a mail of this kind was sent at that time, without address, name and words."),
    order=60,
    addresses=lambda: Message.objects.exclude(to_address=ERASED).values_list("to_address", flat=True),
)

_SUPPRESSIONS = Kind(
    name="suppressions",
    label=_("Addresses that we do not write to"),
    about=_("That we must not write to your address, since when and why."),
    models=("mail.Suppression", "mail.SuppressionChange"),
    find=erasing.suppressions_of,
    columns=("address", "reason", "note", "created_at", "expires_at"),
    rules=(
        Rule(
            "RETENTION_MAIL_DAYS",
            _("An entry that has ended is deleted %(period)s later."),
            "expires_at",
            _expired,
            erasing.delete_suppressions,
        ),
        Rule(
            "RETENTION_MAIL_DAYS",
            _("What was noted of an address that has left the list is deleted %(period)s later."),
            "at",
            _left,
            erasing.delete_history,
        ),
    ),
    erase=lambda subject: erasing.erase_suppressions(subject=subject),
    stays=_(
        "A hash of your address, so that we still do not write to it. Nobody can read the address from it, but whoever"
        " thinks of an address can try whether it is that one."
    ),
    # Before the messages, which tell the addresses that an account had before.
    order=59,
    addresses=lambda: Suppression.objects.exclude(address="").values_list("address", flat=True),
)
