"""Which outside players may be embedded, and where each shows a video.

Nothing of a provider is requested before the reader asks for it; the content security policy allows these players
as frames and nothing else of the outside.
"""

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Provider:
    """One allowed provider: `patterns` find the video's id in an address, `player` is where it plays."""

    name: str
    origin: str
    player: str
    patterns: tuple[re.Pattern[str], ...]


PROVIDERS = (
    Provider(
        name="YouTube",
        origin="https://www.youtube-nocookie.com",
        player="https://www.youtube-nocookie.com/embed/{id}?autoplay=1",
        patterns=(
            re.compile(r"^https://(?:www\.|m\.)?youtube\.com/watch\?(?:[^#]*&)?v=([\w-]{6,20})(?:[&#].*)?$", re.ASCII),
            re.compile(r"^https://(?:www\.)?youtube\.com/(?:live|shorts|embed)/([\w-]{6,20})(?:[?#].*)?$", re.ASCII),
            re.compile(r"^https://youtu\.be/([\w-]{6,20})(?:[?#].*)?$", re.ASCII),
        ),
    ),
    Provider(
        name="Vimeo",
        origin="https://player.vimeo.com",
        player="https://player.vimeo.com/video/{id}?dnt=1&autoplay=1",
        patterns=(
            re.compile(r"^https://(?:www\.)?vimeo\.com/(\d{5,15})(?:[/?#].*)?$", re.ASCII),
            re.compile(r"^https://player\.vimeo\.com/video/(\d{5,15})(?:[?#].*)?$", re.ASCII),
        ),
    ),
)
ORIGINS = tuple(provider.origin for provider in PROVIDERS)


@dataclass(frozen=True)
class Player:
    """Where a video plays, and the name of who serves it."""

    provider: str
    url: str


def player(url: str) -> Player | None:
    """Return the player for a video's address, or None when no allowed provider serves it."""
    for provider in PROVIDERS:
        for pattern in provider.patterns:
            if match := pattern.match(url):
                return Player(provider=provider.name, url=provider.player.replace("{id}", match[1]))
    return None
