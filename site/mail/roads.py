"""The two roads on which mail leaves: SMTP, or the provider named in MAIL_PROVIDER."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Protocol, Self

from django.conf import settings

from mail.transport import Answer, Connection, Letter


class Road(Protocol):
    """What a delivery needs of either; `has_wire` tells whether letters are needed as bytes.

    `known_for` is how long a second hand-over of the same message is known to be one, and not sent. Where a road
    `is_open`, `connect` takes no time.
    """

    has_wire: bool
    known_for: timedelta

    @property
    def is_open(self) -> bool: ...

    def __enter__(self) -> Self: ...
    def __exit__(self, *exception: object) -> None: ...
    def connect(self) -> None: ...
    def hand_over(self, letters: Sequence[Letter]) -> list[Answer]: ...


def open_road() -> Road:
    """Return the road that the settings name, not yet connected."""
    if settings.MAIL_PROVIDER:
        # Imported on demand: few sites use a provider, and anymail brings an HTTP library along.
        from mail.provider import Provider

        return Provider(settings.MAIL_PROVIDER, seconds=settings.MAIL_HANDOVER_SECONDS)
    return Connection(settings.MAIL_SERVER, seconds=settings.MAIL_HANDOVER_SECONDS)
