"""Shared words know when they were last used, so that they can go when nobody needs them."""

import django.db.models.functions
from django.db import migrations, models

import core.clock


class Migration(migrations.Migration):
    dependencies = [("mail", "0006_what_may_have_arrived_is_unknown")]

    operations = [
        migrations.AddField(
            model_name="variant",
            name="last_used_at",
            field=models.DateTimeField(
                db_default=django.db.models.functions.Now(), default=core.clock.now, verbose_name="last used"
            ),
        ),
    ]
