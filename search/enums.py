"""Choices of search."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Kind(models.TextChoices):
    """What a page belongs to, as readers narrow their search by it; a page type names its own in `search_kind`."""

    LEARNING = "learning", _("Learning")
    EVENTS = "events", _("Events")
    KNOWLEDGE = "knowledge", _("Knowledge")
    CITIES = "cities", _("Cities")
    NEWS = "news", _("News")
    SITE = "site", _("About this site")
