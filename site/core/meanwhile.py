"""What is said where two change one thing at once, and neither has read the other."""

from django.utils.translation import gettext_lazy as _

CHANGED_MEANWHILE = _(
    "Somebody else has changed this since you opened it. Read in another tab what they wrote; saved again, yours takes "
    "its place."
)
