"""What this app tells the apps above it; they connect in gkec/wiring.py."""

from django.dispatch import Signal

# A person has shown that an address is theirs: they confirmed it, or signed in with it.
# Sent after each of these, with `person` (User) and `address` (str), so receivers must bear repetition.
address_verified = Signal()
