"""The teams of cities that are under way: a slot that upper apps fill, in gkec/wiring.py alone."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class RunningTeam:
    """What a city's team takes part in and until when, and the page of that team in the language of the moment."""

    label: str
    url: str
    ends_on: date


# Given all local governments of a page at once, so that it costs the same however many they are.
RunningTeamsOf = Callable[[Collection[int]], Mapping[int, Sequence[RunningTeam]]]

_providers: list[RunningTeamsOf] = []


def provide_running_teams(provider: RunningTeamsOf) -> None:
    """Let `provider(keys)` tell, by local government, which of their teams are under way."""
    if provider not in _providers:
        _providers.append(provider)


def teams_of(cities: Collection[int]) -> dict[int, list[RunningTeam]]:
    """Return the teams under way of some local governments, by key; who has none is left out."""
    found: dict[int, list[RunningTeam]] = {}
    for provider in _providers:
        for city, teams in provider(cities).items():
            found.setdefault(city, []).extend(teams)
    return found
