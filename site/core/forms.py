"""Form fields that every public form shares."""

from django import forms

from core import text


class Line(forms.CharField):
    """One line of plain text: what cannot be seen is taken out, not complained about."""

    def to_python(self, value: object) -> str:
        """Return the cleaned line."""
        return text.single_line(super().to_python(value) or "")
