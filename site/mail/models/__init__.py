"""Records of the mail app."""

from mail.models.attempt import Attempt
from mail.models.message import Message

__all__ = ["Attempt", "Message"]
