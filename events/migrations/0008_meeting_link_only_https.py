"""The form refuses what browsers would not follow from the join page; the database is left as it is."""

from django.db import migrations, models

import events.models.join_link


class Migration(migrations.Migration):
    dependencies = [
        ("events", "0007_history_looked_through"),
    ]

    operations = [
        migrations.AlterField(
            model_name="joinlink",
            name="url",
            field=models.URLField(
                max_length=2000, validators=[events.models.join_link.validate_link], verbose_name="meeting link"
            ),
        ),
    ]
