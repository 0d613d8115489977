"""How often beat starts what: the schedule of the settings, with each interval open to the environment."""

from typing import Any

from gkec import environment as env

Entry = dict[str, Any]


def from_environment(entries: dict[str, Entry]) -> dict[str, Entry]:
    """Return the schedule; an interval of `events-sweep` is set by EVENTS_SWEEP_SECONDS, and so on.

    An entry without `expires` gets its interval: a tick that waited for a worker longer has been overtaken by the
    next one. What follows the calendar (a crontab) is left as it is.
    """
    return {name: _entry(name, entry) for name, entry in entries.items()}


def _entry(name: str, entry: Entry) -> Entry:
    default = entry["schedule"]
    if not isinstance(default, int):
        return entry
    seconds = env.number(f"{name.upper().replace('-', '_')}_SECONDS", default=default, minimum=1)
    return {**entry, "schedule": seconds, "options": {"expires": seconds, **entry.get("options", {})}}
