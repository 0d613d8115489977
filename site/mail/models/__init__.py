"""Records of the mail app."""

from mail.models.attempt import Attempt
from mail.models.message import Message
from mail.models.resend import Resend
from mail.models.suppression import Suppression

__all__ = ["Attempt", "Message", "Resend", "Suppression"]
