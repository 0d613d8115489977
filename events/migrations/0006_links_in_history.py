"""Lets the history of a registration say that its links were renewed; what stands in it is looked through next."""

from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('events', '0005_audience_of_the_past'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='registrationchange',
            name='events_change_what_known',
        ),
        migrations.AlterField(
            model_name='registrationchange',
            name='what',
            field=models.CharField(choices=[('confirmed', 'Registered with a seat'), ('waiting', 'Put on the waiting list'), ('promoted', 'Given a seat from the waiting list'), ('cancelled', 'Cancelled'), ('preferences', 'Changed language or time zone'), ('claimed', 'Linked to an account'), ('links', 'Given new links')], max_length=16, verbose_name='what'),
        ),
        AddConstraintNotValid(
            model_name='registrationchange',
            constraint=models.CheckConstraint(condition=models.Q(('what__in', ['confirmed', 'waiting', 'promoted', 'cancelled', 'preferences', 'claimed', 'links'])), name='events_change_what_known'),
        ),
    ]
