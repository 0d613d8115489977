"""What was sent once more after a silence and then given up may have arrived the first time: it is unknown."""

from typing import Any

from django.db import migrations

BATCH = 1000


def call_unknown(apps: Any, schema_editor: Any) -> None:
    messages = apps.get_model("mail", "Message").objects
    given_up = messages.filter(state__in=["cancelled", "failed", "suppressed"], repeats__gt=0).order_by()
    while keys := list(given_up.values_list("pk", flat=True)[:BATCH]):
        messages.filter(pk__in=keys).update(state="unknown")


class Migration(migrations.Migration):
    # Each batch by itself, so that no worker waits for the whole.
    atomic = False
    dependencies = [("mail", "0005_paused_mailings")]
    operations = [migrations.RunPython(call_unknown, migrations.RunPython.noop)]
