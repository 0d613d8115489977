"""Every reaction that runs against the layers is connected here and nowhere else."""


def connect() -> None:
    """Connect signals of lower apps to receivers of upper ones; called once, when all apps are ready."""
