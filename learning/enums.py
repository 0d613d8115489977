"""Choices of the learning app."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class UnitKind(models.TextChoices):
    """What a learner does in a unit."""

    READING = "reading", _("Reading")
