from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("learning", "0003_longer_reasons"),
    ]

    operations = [
        migrations.AddField(
            model_name="cohort",
            name="fills_at",
            field=models.DateTimeField(
                blank=True,
                editable=False,
                help_text="Staff changed what frees seats, and can take it back until then.",
                null=True,
                verbose_name="free seats are given from",
            ),
        ),
    ]
