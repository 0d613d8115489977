"""What mail tells the apps above it, in the transaction of the change; they connect in gkec/wiring.py."""

from django.dispatch import Signal

# A provider says that somebody did not want our mail to many any more. Sent with `address`, `what`, a ReportKind,
# `kind`, that of the message which they spoke of, empty where we do not know it, and `at`, the latest moment when they
# may have said so, before the address is put on the suppression list, so that whoever asks again takes the two in the
# same order. A receiver that knows of a newer yes answers True: then the list stays as it is.
objection_reported = Signal()

# Staff write down that somebody asked for no mail to many, for good. Sent with `address`, `note` and `by`, before the
# address is put on the suppression list, for the same reason.
objection_noted = Signal()

# The time of ended messages is over. Sent with `mailings`, the keys of the mailings of some of them, before they are
# deleted: whoever keeps books of a mailing can still count it.
messages_expiring = Signal()
