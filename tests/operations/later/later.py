"""Adds a column to a table that people need at each moment, as a release may."""

from django.db import migrations


class Migration(migrations.Migration):
    operations = [
        migrations.RunSQL(
            "ALTER TABLE mail_message ADD COLUMN later integer", "ALTER TABLE mail_message DROP COLUMN later"
        )
    ]
