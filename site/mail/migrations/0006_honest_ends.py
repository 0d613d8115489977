"""A message of which an attempt may have arrived is not written down as failed; what was, is mended next."""

from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("mail", "0005_paused_mailings")]

    # The running release may break it: what it then leaves started is settled by the sweep, as unknown.
    operations = [
        AddConstraintNotValid(
            model_name="message",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state__in", ["cancelled", "failed", "suppressed"]), _negated=True),
                    ("repeats", 0),
                    _connector="OR",
                ),
                name="mail_message_repeated_ends_unknown",
            ),
        ),
    ]
