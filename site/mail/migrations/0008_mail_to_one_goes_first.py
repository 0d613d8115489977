"""A message that goes to many at once lets those to one person alone go first.

The release before asks for none that gives way, and its leases find what is due by the new index too, in a moment more.
"""

from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    # Indexes are built and dropped beside the running release.
    atomic = False

    dependencies = [("mail", "0007_last_use_of_words")]

    operations = [
        migrations.AddField(
            model_name="message",
            name="gives_way",
            field=models.BooleanField(
                db_default=False,
                default=False,
                help_text="It goes to many at once: what goes to one person alone may leave before it.",
                verbose_name="gives way",
            ),
        ),
        AddIndexConcurrently(
            model_name="message",
            index=models.Index(
                condition=models.Q(("state__in", ["deferred", "queued"])),
                fields=["stream", "gives_way", "due_at", "id"],
                name="mail_message_turn",
            ),
        ),
        RemoveIndexConcurrently(model_name="message", name="mail_message_lease"),
    ]
