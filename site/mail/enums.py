"""The words in which the outbox speaks of a message: its stream, its state and the reason of its end."""

from enum import StrEnum

from django.db import models
from django.utils.translation import gettext_lazy as _


class Stream(models.TextChoices):
    """Two roads with their own queues, so that a mail to many never holds up a mail to one."""

    TRANSACTIONAL = "transactional", _("to one person")
    BULK = "bulk", _("to many")


class State(models.TextChoices):
    QUEUED = "queued", _("waiting")
    LEASED = "leased", _("taken by a worker")
    STARTED = "started", _("being handed over")
    DEFERRED = "deferred", _("to be tried again")
    ACCEPTED = "accepted", _("accepted")
    FAILED = "failed", _("failed")
    SUPPRESSED = "suppressed", _("suppressed")
    CANCELLED = "cancelled", _("cancelled")
    UNKNOWN = "unknown", _("unknown")


WAITING = frozenset({State.QUEUED, State.DEFERRED})
HELD = frozenset({State.LEASED, State.STARTED})
OPEN = WAITING | HELD
FINAL = frozenset({State.ACCEPTED, State.FAILED, State.SUPPRESSED, State.CANCELLED, State.UNKNOWN})
# Of which only the receiving server knows whether it has them, if it has not said so.
MAY_HAVE_ARRIVED = frozenset({State.STARTED, State.ACCEPTED, State.UNKNOWN})
# What staff look for first: messages that ended without being accepted.
MISSED = FINAL - {State.ACCEPTED}


class Reason(models.TextChoices):
    """Why a message is in a state that its state alone does not explain."""

    REFUSED = "refused", _("the receiving server refused it")
    LATER = "later", _("the receiving server asked to try later")
    UNREACHABLE = "unreachable", _("our mail server could not be reached or would not let us in")
    CUT = "cut", _("the connection broke before the message was complete")
    NO_ANSWER = "no_answer", _("the connection broke before the server answered")
    WORKER_LOST = "worker_lost", _("the worker died during the hand-over")
    GAVE_UP = "gave_up", _("it could not be delivered in the time set for trying")
    EXPIRED = "expired", _("its time had passed before it could leave")
    SENSELESS = "senseless", _("what it would have said was no longer true")
    WITHDRAWN = "withdrawn", _("it was withdrawn before it left")
    UNRENDERABLE = "unrenderable", _("the message could not be written, because of a fault in the program")
    SUPPRESSED = "suppressed", _("the address is on the suppression list")


# For these the outbox keeps a sentence of ours, or the name of a fault, where a server's words would stand.
IN_OWN_WORDS = frozenset({Reason.SENSELESS, Reason.WITHDRAWN, Reason.WORKER_LOST, Reason.UNRENDERABLE})

# For these we ourselves let a message not leave, though nothing stood in its way.
NOT_WORTH_SENDING = frozenset({Reason.EXPIRED, Reason.SENSELESS, Reason.WITHDRAWN})


class SuppressionReason(models.TextChoices):
    BOUNCED = "bounced", _("mail to it comes back for good")
    COMPLAINED = "complained", _("somebody there called our mail spam")
    ASKED = "asked", _("somebody there asked us not to write")
    STAFF = "staff", _("staff decided so")


class SuppressionStep(models.TextChoices):
    ADDED = "added", _("put on the list")
    RENEWED = "renewed", _("renewed")
    REMOVED = "removed", _("taken off the list")


class ReportKind(models.TextChoices):
    """What providers tell of a message later."""

    BOUNCED = "bounced", _("it came back")
    COMPLAINED = "complained", _("somebody called it spam")
    UNSUBSCRIBED = "unsubscribed", _("somebody asked not to be written to")
    REJECTED = "rejected", _("the provider refused to deliver it")


# Who complains about a newsletter still wants the sign-in code they ask for.
STOPS_EVERYTHING = frozenset({SuppressionReason.BOUNCED, SuppressionReason.STAFF})
# What mail servers and providers tell; no member of staff puts an address on the list for these.
REPORTED = frozenset({SuppressionReason.BOUNCED, SuppressionReason.COMPLAINED})


class Outcome(StrEnum):
    """What became of one hand-over, seen from our end of the connection."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    LATER = "later"
    UNREACHABLE = "unreachable"
    # The final dot had not been sent, so the server cannot have taken the message.
    CUT = "cut"
    # The final dot had been sent: only the server knows.
    NO_ANSWER = "no_answer"
    # The road has no way to carry it, which is a fault in the program or in its settings: nothing left.
    UNWRITABLE = "unwritable"
    UNTRIED = "untried"
