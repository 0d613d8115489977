"""A mailing can be paused."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("mail", "0004_resends")]

    operations = [
        migrations.AddField(
            model_name="mailing",
            name="paused_at",
            field=models.DateTimeField(null=True, verbose_name="paused"),
        ),
        migrations.AddIndex(
            model_name="mailing",
            index=models.Index(
                condition=models.Q(("paused_at__isnull", False)), fields=["id"], name="mail_mailing_paused"
            ),
        ),
        migrations.AddConstraint(
            model_name="mailing",
            constraint=models.CheckConstraint(
                condition=models.Q(("paused_at", None), ("withdrawn_at", None), _connector="OR"),
                name="mail_mailing_paused_or_withdrawn",
            ),
        ),
    ]
