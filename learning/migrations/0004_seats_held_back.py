"""When seats that staff have added are given. The release before gives them at once, whatever this says."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("learning", "0003_longer_reasons"),
    ]

    operations = [
        migrations.AddField(
            model_name="cohort",
            name="fills_at",
            field=models.DateTimeField(blank=True, editable=False, null=True, verbose_name="free seats are given from"),
        ),
    ]
