"""Records of the mail app."""

from mail.models.attempt import Attempt
from mail.models.mailing import Mailing
from mail.models.message import Message
from mail.models.report import Report
from mail.models.resend import Resend
from mail.models.suppression import Suppression, SuppressionChange
from mail.models.variant import Variant

__all__ = ["Attempt", "Mailing", "Message", "Report", "Resend", "Suppression", "SuppressionChange", "Variant"]
