"""Records of the mail app."""

from mail.models.attempt import Attempt
from mail.models.mailing import Mailing
from mail.models.message import Message
from mail.models.suppression import Suppression

__all__ = ["Attempt", "Mailing", "Message", "Suppression"]
