"""Declining a request is held like approving one.

The release before would take such a row for an approval: of other words than the request has, since `seen` is empty, so
that it drops it, and the request waits as if nobody had decided.
"""

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('municipalities', '0003_held_decision'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='helddecision',
            name='municipalities_held_decision_kind_known',
        ),
        migrations.RemoveConstraint(
            model_name='helddecision',
            name='municipalities_held_decision_about_one_thing',
        ),
        migrations.RemoveConstraint(
            model_name='helddecision',
            name='municipalities_held_decision_reason_of_refusal',
        ),
        migrations.AlterField(
            model_name='helddecision',
            name='kind',
            field=models.CharField(choices=[('approve', 'Approval'), ('decline', 'Declined request'), ('refuse', 'Refusal'), ('merge', 'Merge')], max_length=16, verbose_name='what'),
        ),
        migrations.AddConstraint(
            model_name='helddecision',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['approve', 'decline', 'refuse', 'merge'])), name='municipalities_held_decision_kind_known'),
        ),
        migrations.AddConstraint(
            model_name='helddecision',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('kind', 'approve'), ('local_government', None), ('membership__isnull', False)), models.Q(('kind', 'decline'), ('local_government', None), ('membership__isnull', False), ('seen', '')), models.Q(('kind__in', ('refuse', 'merge')), ('local_government__isnull', False), ('membership', None), ('seen', '')), _connector='OR'), name='municipalities_held_decision_about_one_thing'),
        ),
        migrations.AddConstraint(
            model_name='helddecision',
            constraint=models.CheckConstraint(condition=models.Q(('reason', ''), ('kind__in', ['decline', 'refuse']), _connector='OR'), name='municipalities_held_decision_reason_of_refusal'),
        ),
    ]
