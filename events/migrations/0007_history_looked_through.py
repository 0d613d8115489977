"""Looks through the history that was written before, in a transaction of its own, so that nobody waits for it."""

from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('events', '0006_links_in_history'),
    ]

    operations = [
        ValidateConstraint(model_name='registrationchange', name='events_change_what_known'),
    ]
