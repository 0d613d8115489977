"""Looks through the messages that ended before, in a transaction of its own, so that nobody waits for it."""

from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("mail", "0007_what_may_have_arrived_is_unknown")]
    operations = [ValidateConstraint(model_name="message", name="mail_message_repeated_ends_unknown")]
