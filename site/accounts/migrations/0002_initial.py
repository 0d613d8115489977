import django.db.models.deletion
import django.db.models.functions.text
from django.conf import settings
from django.db import migrations, models
from django.db.models import Q

import core.clock


class Migration(migrations.Migration):
    """The second half of the first state: core's pictures point at people, and people at core's terms."""

    initial = True

    dependencies = [
        ("accounts", "0001_initial"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("core", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            model_name="user",
            name="organisation_type",
            field=models.ForeignKey(
                blank=True,
                limit_choices_to={"vocabulary": "organisation-type"},
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="core.term",
                verbose_name="type of organisation",
            ),
        ),
        migrations.AddField(
            model_name="user",
            name="user_permissions",
            field=models.ManyToManyField(
                blank=True,
                help_text="Specific permissions for this user.",
                related_name="user_set",
                related_query_name="user",
                to="auth.permission",
                verbose_name="user permissions",
            ),
        ),
        migrations.AddConstraint(
            model_name="user",
            constraint=models.CheckConstraint(
                condition=Q(email=django.db.models.functions.text.Lower("email")),
                name="accounts_user_email_lower_case",
            ),
        ),
        migrations.AddConstraint(
            model_name="user",
            constraint=models.CheckConstraint(
                condition=Q(language__regex=r"^[a-z]{2,3}$"), name="accounts_user_language_code"
            ),
        ),
        migrations.AddConstraint(
            model_name="user",
            constraint=models.CheckConstraint(condition=~Q(timezone=""), name="accounts_user_has_timezone"),
        ),
        migrations.AddConstraint(
            model_name="user",
            constraint=models.CheckConstraint(
                condition=Q(country="") | Q(country__regex=r"^[A-Z]{2}$"), name="accounts_user_country_code"
            ),
        ),
        migrations.AddConstraint(
            model_name="user",
            constraint=models.CheckConstraint(
                condition=Q(gender="") | Q(gender__in=["woman", "man", "non-binary", "undisclosed"]),
                name="accounts_user_known_gender",
            ),
        ),
        migrations.CreateModel(
            name="ConsentRecord",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("email_hash", models.CharField(max_length=64, verbose_name="hash of the address")),
                ("purpose", models.SlugField(max_length=60, verbose_name="purpose")),
                (
                    "given",
                    models.BooleanField(help_text="No means that the consent was withdrawn.", verbose_name="given"),
                ),
                ("wording", models.TextField(verbose_name="wording")),
                ("wording_version", models.CharField(max_length=40, verbose_name="version of the wording")),
                ("wording_hash", models.CharField(max_length=64, verbose_name="hash of the wording")),
                ("language", models.CharField(max_length=8, verbose_name="language")),
                ("channel", models.CharField(max_length=200, verbose_name="form")),
                ("recorded_at", models.DateTimeField(default=core.clock.now, verbose_name="recorded")),
                (
                    "person",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="consent_records",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="person",
                    ),
                ),
            ],
            options={
                "verbose_name": "consent",
                "verbose_name_plural": "consents",
                "ordering": ["-recorded_at", "-pk"],
                "indexes": [
                    models.Index(fields=["email_hash", "purpose", "-recorded_at"], name="accounts_consent_latest")
                ],
                "constraints": [
                    models.CheckConstraint(condition=~Q(wording=""), name="accounts_consent_has_wording"),
                    models.CheckConstraint(
                        condition=Q(email_hash__regex=r"^[0-9a-f]{64}$", wording_hash__regex=r"^[0-9a-f]{64}$"),
                        name="accounts_consent_hashes",
                    ),
                    models.CheckConstraint(
                        condition=Q(language__regex=r"^[a-z]{2,3}$"), name="accounts_consent_language_code"
                    ),
                ],
            },
        ),
    ]
