"""E-mail addresses as keys, for this app and those above it."""

from core.emailkeys import email_key

__all__ = ["email_key"]
