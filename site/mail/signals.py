"""What mail tells the apps above it, in the transaction of the change; they connect in gkec/wiring.py."""

from django.dispatch import Signal

# A provider says that somebody does not want our mail to many any more. Sent with `address` and `what`, a ReportKind,
# before the address is put on the suppression list, so that whoever asks again takes the two in the same order.
objection_reported = Signal()
