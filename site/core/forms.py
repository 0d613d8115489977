"""Form fields that every public form shares."""

from collections.abc import Callable, Sequence
from typing import Any

from django import forms

from core import text


def first_refusal(validators: Sequence[Callable[[Any], None]]) -> list[Callable[[Any], None]]:
    """Return validators that say one sentence, the first, instead of one each."""

    def check(value: Any) -> None:
        for validator in validators:
            validator(value)

    return [check]


class Line(forms.CharField):
    """One line of plain text: what cannot be seen is taken out, not complained about."""

    def to_python(self, value: object) -> str:
        """Return the cleaned line."""
        return text.single_line(super().to_python(value) or "")
