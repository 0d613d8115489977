"""The log of what people agreed to, in which words, and of what they took back."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts import consent
from core import clock


class ConsentQuerySet(models.QuerySet["ConsentRecord"]):
    def about(self, email: str) -> "ConsentQuerySet":
        """Return the records of one address, under the present key and the retired ones."""
        return self.filter(email_hash__in=consent.address_hashes(email))

    def for_purpose(self, purpose: str) -> "ConsentQuerySet":
        """Return the records of one purpose, the newest first."""
        return self.filter(purpose=purpose).order_by("-recorded_at", "-pk")

    def stands(self) -> bool:
        """Tell whether the newest of these decisions is a consent."""
        newest = self.order_by("-recorded_at", "-pk").first()
        return bool(newest and newest.given)


class ConsentRecord(models.Model):
    """One decision of one person: given or withdrawn, for what, in which words, when and where.

    The table is append-only: a trigger refuses DELETE, and every UPDATE but the one that forgets the
    person. Erasing someone deletes the person, which empties `person` here; the keyed hash of the
    address stays, so that a later question "did this address agree?" can still be answered by whoever
    knows the address, and by nobody else.
    """

    person = models.ForeignKey(
        "accounts.User",
        verbose_name=_("person"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="consent_records",
    )
    email_hash = models.CharField(_("hash of the address"), max_length=64)
    purpose = models.SlugField(_("purpose"), max_length=60)
    given = models.BooleanField(_("given"), help_text=_("No means that the consent was withdrawn."))
    wording = models.TextField(_("wording"))
    wording_version = models.CharField(_("version of the wording"), max_length=40)
    wording_hash = models.CharField(_("hash of the wording"), max_length=64)
    language = models.CharField(_("language"), max_length=8)
    channel = models.CharField(_("form"), max_length=200)
    recorded_at = models.DateTimeField(_("recorded"), default=clock.now)

    objects = ConsentQuerySet.as_manager()

    class Meta:
        verbose_name = _("consent")
        verbose_name_plural = _("consents")
        ordering = ["-recorded_at", "-pk"]
        indexes = [models.Index(fields=["email_hash", "purpose", "-recorded_at"], name="accounts_consent_latest")]
        constraints = [
            models.CheckConstraint(condition=~models.Q(wording=""), name="accounts_consent_has_wording"),
            models.CheckConstraint(
                condition=models.Q(email_hash__regex=r"^[0-9a-f]{64}$", wording_hash__regex=r"^[0-9a-f]{64}$"),
                name="accounts_consent_hashes",
            ),
            models.CheckConstraint(
                condition=models.Q(language__regex=r"^[a-z]{2,3}$"), name="accounts_consent_language_code"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.purpose}: {'+' if self.given else '-'} {self.recorded_at:%Y-%m-%d}"
