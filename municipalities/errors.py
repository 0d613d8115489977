"""What the services of municipalities refuse."""


class LoadingProblem(Exception):
    """The data file cannot be loaded; the message says which line and why."""
