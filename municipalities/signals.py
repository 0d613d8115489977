"""What this app tells the apps above it, in the transaction of the change; they connect in gkec/wiring.py."""

from django.dispatch import Signal

# Each is sent with `membership`.
membership_approved = Signal()
membership_declined = Signal()
# Somebody who waits would now rather be a member than the coordinator.
coordination_given_up = Signal()
# Somebody has left, or has taken back what they asked for.
membership_ended = Signal()

# What hung from `source_id` belongs to `target_id` from now on: a proposed city was known already.
local_government_merged = Signal()
