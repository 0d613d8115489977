"""Where people meet. The release before knows no venue: the database fills in that there is none."""

from django.db import migrations, models

import events.venues


class Migration(migrations.Migration):
    dependencies = [
        ("events", "0008_meeting_link_only_https"),
    ]

    operations = [
        migrations.AddField(
            model_name="event",
            name="venue",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                help_text="Empty: online.",
                max_length=200,
                validators=[events.venues.validate_venue],
                verbose_name="venue",
            ),
        ),
        migrations.AddField(
            model_name="eventversion",
            name="venue",
            field=models.CharField(blank=True, db_default="", default="", max_length=200, verbose_name="venue"),
        ),
        migrations.AddField(
            model_name="webinarpage",
            name="venue",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                help_text=(
                    "Where people meet, the same in every language. Leave empty for an event that is online only."
                ),
                max_length=200,
                validators=[events.venues.validate_venue],
                verbose_name="venue",
            ),
        ),
    ]
