"""Choices of the accounts app."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Gender(models.TextChoices):
    WOMAN = "woman", _("Woman")
    MAN = "man", _("Man")
    NON_BINARY = "non-binary", _("Non-binary")
    UNDISCLOSED = "undisclosed", _("Prefer not to say")


class Right(models.TextChoices):
    """What was done for somebody."""

    EXPORT = "export", _("Exported")
    ERASURE = "erasure", _("Erased")


class Channel(models.TextChoices):
    """How it was asked for."""

    SELF = "self", _("By the person, in their account")
    LINK = "link", _("By the person, with a link from a mail")
    STAFF = "staff", _("By staff, in the admin")
    COMMAND = "command", _("By whoever runs the servers, with a command")


class Ground(models.TextChoices):
    """Why; a choice and no free text, in which somebody would be named sooner or later."""

    ASKED = "asked", _("The person asked for it")
    CONSENT = "consent", _("The person took a consent back")
    OBJECTION = "objection", _("The person objected to our interest")
    UNLAWFUL = "unlawful", _("We had no ground to keep the data")
    ORDER = "order", _("A court or an authority ordered it")
    MISTAKE = "mistake", _("The data came in by mistake")
