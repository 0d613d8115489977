"""What the home page shows of events, courses and cities at this moment, as plain values for components."""


def coming_events(language: str, count: int) -> list:
    """Return the next events, each once, in `language` or else in its source language."""
    return []


def courses(language: str, count: int) -> list:
    """Return the newest courses, each once, in `language` or else in its source language."""
    return []


def city_map() -> dict | None:
    """Return the dots and legend of the map of local governments."""
    return None
