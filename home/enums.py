"""Choices of the home app."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Section(models.TextChoices):
    """The doors of the site that have no page type of their own yet."""

    KNOWLEDGE = "knowledge", _("Knowledge")
    CITIES = "cities", _("Cities")
    NEWS = "news", _("News")
