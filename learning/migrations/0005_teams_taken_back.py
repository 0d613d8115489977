"""Until when a team's invitations, or its withdrawal, can be taken back. The release before does both at once."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("learning", "0004_seats_held_back"),
    ]

    operations = [
        migrations.AddField(
            model_name="teamrequest",
            name="sends_at",
            field=models.DateTimeField(blank=True, editable=False, null=True, verbose_name="invitations leave"),
        ),
        migrations.AddField(
            model_name="teamrequest",
            name="withdraws_at",
            field=models.DateTimeField(blank=True, editable=False, null=True, verbose_name="is withdrawn"),
        ),
        migrations.AddField(
            model_name="teamrequest",
            name="withdraws_by",
            field=models.ForeignKey(
                blank=True,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="withdrawn by",
            ),
        ),
        migrations.AlterField(
            model_name="enrolmentchange",
            name="what",
            field=models.CharField(
                choices=[
                    ("drafted", "Written down by a coordinator, not invited yet"),
                    ("invited", "Invited"),
                    ("applied", "Applied"),
                    ("waitlisted", "Put on the waiting list"),
                    ("promoted", "Given a seat from the waiting list"),
                    ("joined", "Joined"),
                    ("confirmed", "Confirmed name and department"),
                    ("completed", "Completed"),
                    ("reopened", "Reopened"),
                    ("replaced", "Replaced by somebody else"),
                    ("withdrawn", "Withdrawn"),
                    ("declined", "Declined"),
                    ("lapsed", "Lapsed"),
                    ("moved", "Moved to another city"),
                ],
                max_length=16,
                verbose_name="what",
            ),
        ),
        migrations.AlterField(
            model_name="teamrequest",
            name="state",
            field=models.CharField(
                choices=[
                    ("draft", "Not sent yet"),
                    ("sent", "Enrolled"),
                    ("withdrawn", "Withdrawn"),
                    ("lapsed", "Lapsed"),
                ],
                max_length=16,
                verbose_name="state",
            ),
        ),
        migrations.AddIndex(
            model_name="teamrequest",
            index=models.Index(
                condition=models.Q(("withdraws_at__isnull", False)),
                fields=["withdraws_at"],
                name="learning_team_withdraws",
            ),
        ),
    ]
