"""States and choices of local governments."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Standing(models.TextChoices):
    """Whether a local government is part of the directory."""

    ACTIVE = "active", _("Listed")
    PENDING = "pending", _("Proposed, to be checked")
    RETIRED = "retired", _("No longer listed")


class Precision(models.TextChoices):
    """How exactly a date is known."""

    DAY = "day", _("Day")
    MONTH = "month", _("Month")
