"""The one way in which a start is refused."""


class Refusal(Exception):
    """A reason not to start, or not to go on, in one sentence that a person can act upon."""
