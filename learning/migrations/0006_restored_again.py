"""When a cohort was restored. The release before notes none: called off again at once, everybody is told anew, as it did."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("learning", "0005_teams_taken_back"),
    ]

    operations = [
        migrations.AddField(
            model_name="cohort",
            name="restored_at",
            field=models.DateTimeField(blank=True, editable=False, null=True, verbose_name="restored"),
        ),
    ]
