"""What tests of the staff's screens of events share: addresses, and what a page says."""

from typing import Any

from django.urls import reverse


def body(answer: Any) -> str:
    """Return a page on one line."""
    return " ".join(answer.content.decode().split())


def url(name: str, *args: object) -> str:
    """Return the address of a screen of events."""
    return reverse(f"events_{name}", args=args)
