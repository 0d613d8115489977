"""A subscription may also end because its owner wants no question about it."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('newsletter', '0002_history'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='subscriber',
            name='newsletter_subscriber_left_has_moment',
        ),
        migrations.AlterField(
            model_name='subscriber',
            name='left_why',
            field=models.CharField(blank=True, choices=[('link', 'the link in a mail'), ('one-click', 'the button of a mail program'), ('preferences', 'the page of preferences'), ('complaint', 'a complaint about a mail'), ('unwanted', 'a question that was unwanted'), ('staff', 'staff')], max_length=16, verbose_name='how they left'),
        ),
        migrations.AddConstraint(
            model_name='subscriber',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('left_at__isnull', False), ('left_why__in', ['link', 'one-click', 'preferences', 'complaint', 'unwanted', 'staff']), ('state__in', ('left', 'blocked'))), models.Q(models.Q(('state__in', ('left', 'blocked')), _negated=True), ('left_at', None), ('left_why', '')), _connector='OR'), name='newsletter_subscriber_left_has_moment'),
        ),
    ]
