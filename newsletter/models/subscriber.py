"""Who asked for the newsletter, in which language and about what."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from core import clock
from newsletter.enums import GONE_STATES, LeftWhy, SubscriberState
from newsletter.querysets import SubscriberQuerySet

# The vocabulary among whose terms readers choose; to choose none means all of them.
INTERESTS = "emission-domain"


class Subscriber(models.Model):
    """One address and what was last decided about it; each decision also stands in the consent log."""

    uuid = models.UUIDField(_("identifier"), unique=True, default=uuid.uuid4, editable=False)
    email = models.EmailField(_("e-mail address"))
    email_key = models.CharField(_("address, normalised"), max_length=254, unique=True, editable=False)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("account"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="newsletter_subscriptions",
    )
    language = models.CharField(_("language"), max_length=8)
    country = models.CharField(_("country"), max_length=2, blank=True)
    interests = models.ManyToManyField(
        "core.Term",
        verbose_name=_("topics"),
        blank=True,
        related_name="+",
        limit_choices_to={"vocabulary": INTERESTS},
    )
    state = models.CharField(_("state"), max_length=16, choices=SubscriberState.choices, default=SubscriberState.ASKED)
    asked_at = models.DateTimeField(_("asked"), default=clock.now)
    # The sentence that was agreed to, its version, language and form, until the log of consents has it.
    wording = models.JSONField(_("wording"), default=dict, blank=True, editable=False)
    confirmed_at = models.DateTimeField(_("confirmed"), null=True, blank=True)
    left_at = models.DateTimeField(_("left"), null=True, blank=True)
    left_why = models.CharField(_("how they left"), max_length=16, choices=LeftWhy.choices, blank=True)

    objects = SubscriberQuerySet.as_manager()

    class Meta:
        verbose_name = _("subscriber")
        verbose_name_plural = _("subscribers")
        ordering = ["-asked_at", "-pk"]
        default_permissions = ["view", "change"]
        indexes = [
            models.Index(fields=["language", "country"], condition=Q(state="confirmed"), name="newsletter_readers"),
            models.Index(fields=["state", "asked_at"], name="newsletter_subscriber_by_state"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=SubscriberState.values), name="newsletter_subscriber_state_known"
            ),
            models.CheckConstraint(condition=~Q(email_key="") & ~Q(email=""), name="newsletter_subscriber_has_address"),
            models.CheckConstraint(
                condition=Q(language__regex=r"^[a-z]{2,3}$"), name="newsletter_subscriber_language_code"
            ),
            models.CheckConstraint(
                condition=Q(state=SubscriberState.ASKED, confirmed_at=None)
                | Q(state=SubscriberState.CONFIRMED, confirmed_at__isnull=False)
                | Q(state__in=GONE_STATES),
                name="newsletter_subscriber_confirmed_has_moment",
            ),
            models.CheckConstraint(
                condition=~Q(state=SubscriberState.ASKED)
                | Q(wording__has_keys=["text", "version", "language", "channel"]),
                name="newsletter_subscriber_asked_has_wording",
            ),
            models.CheckConstraint(
                condition=Q(state__in=GONE_STATES, left_at__isnull=False, left_why__in=LeftWhy.values)
                | Q(~Q(state__in=GONE_STATES), left_at=None, left_why=""),
                name="newsletter_subscriber_left_has_moment",
            ),
        ]

    def __str__(self) -> str:
        return self.email

    @property
    def is_confirmed(self) -> bool:
        """Whether the newsletter goes to this address."""
        return self.state == SubscriberState.CONFIRMED
