"""The box in a cohort's form that staff tick once they have read whose waits end."""

from typing import Any

from django.template.loader import render_to_string
from wagtail.admin.panels import FieldPanel

from learning.admin.cohort_parts import no_seat_parts
from mail import undo
from mail.admin.dry_run import rehearsed


class AgreedPanel(FieldPanel):
    """Shows beneath sentence and box who would be told, and how it would read."""

    class BoundPanel(FieldPanel.BoundPanel):
        """The panel of one form."""

        def get_editable_context_data(self) -> dict[str, Any]:
            """Put the rehearsal beneath the box, which its label names; where nobody is told there is none."""
            context = super().get_editable_context_data()
            parts = no_seat_parts(self.instance, list(self.form.in_vain), undo.leaves_at())
            if parts:
                words = {**rehearsed(*parts), "box": context["rendered_field"]}
                context["rendered_field"] = render_to_string("learning/admin/agreed.html", words)
            return context
