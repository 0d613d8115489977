from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("learning", "0002_cohorts"),
    ]

    operations = [
        migrations.AlterField(
            model_name="enrolmentchange",
            name="reason",
            field=models.CharField(blank=True, max_length=500, verbose_name="reason"),
        ),
    ]
