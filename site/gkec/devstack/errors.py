"""The one way in which a start is refused."""


class Refusal(Exception):
    """A reason not to start, or not to go on, in one sentence that a person can act upon."""


def is_one_line(sentence: str) -> bool:
    """Say whether a sentence fits the promise: one line, closed by a full stop."""
    return "\n" not in sentence and sentence.endswith(".")
