"""What stands at the foot of every mail: a slot that an upper app fills, in gkec/wiring.py and nowhere else."""

from collections.abc import Callable

from django.utils.translation import gettext as _

Provider = Callable[[str], str]


def _standing_statement(language: str) -> str:
    # The European Union's own sentence for communication by its beneficiaries.
    return _(
        "Funded by the European Union. Views and opinions expressed are those of the authors only and do not"
        " necessarily reflect those of the European Union. Neither the European Union nor the granting authority can"
        " be held responsible for them."
    )


_slot: dict[str, Provider] = {"statement": _standing_statement}


def provide(provider: Provider) -> None:
    """Let `provider(language)` answer the funding statement from now on; an empty answer falls back to our own."""
    _slot["statement"] = provider


def funding_statement(language: str) -> str:
    """Return the funding statement in `language`, which is active."""
    return _slot["statement"](language) or _standing_statement(language)
