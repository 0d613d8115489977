"""Who takes part in an event, or waits for a seat, and what happened to that on the way."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from core import clock, timezones
from core.models import HistoryStep
from events import tokens
from events.enums import LIVE_STATES, Actor, ChangeKind, RegistrationState
from events.querysets import RegistrationQuerySet

ARTICLE = "ال"


class Registration(models.Model):
    """One person's row for one event; what they said about themselves is frozen here for the report.

    Registering again after cancelling makes a new row, so that a calendar entry once cancelled stays cancelled.
    """

    uuid = models.UUIDField(_("identifier"), unique=True, default=uuid.uuid4, editable=False)
    event = models.ForeignKey(
        "events.Event", verbose_name=_("event"), on_delete=models.PROTECT, related_name="registrations"
    )
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("account"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="event_registrations",
    )
    name = models.CharField(_("name"), max_length=120)
    email = models.EmailField(_("e-mail address"))
    email_key = models.CharField(_("address, normalised"), max_length=254, editable=False)
    country = models.CharField(_("country"), max_length=2, blank=True)
    organisation = models.CharField(_("organisation"), max_length=200, blank=True)
    organisation_type = models.ForeignKey(
        "core.Term",
        verbose_name=_("type of organisation"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        limit_choices_to={"vocabulary": "organisation-type"},
    )
    language = models.CharField(_("language"), max_length=8)
    timezone = models.CharField(_("time zone"), max_length=64, validators=[timezones.validate])

    state = models.CharField(_("state"), max_length=16, choices=RegistrationState.choices)
    waiting_number = models.PositiveIntegerField(_("waiting number"), null=True, blank=True, editable=False)
    revision = models.PositiveIntegerField(_("revision"), default=0, editable=False)
    told_revision = models.PositiveIntegerField(
        _("revision told of"),
        default=0,
        db_default=0,
        editable=False,
        help_text=_("The revision of the event by which this person's mails are written."),
    )
    token_version = models.PositiveIntegerField(_("version of the link"), default=0, editable=False)
    registered_at = models.DateTimeField(_("registered"), default=clock.now)
    cancelled_at = models.DateTimeField(_("cancelled"), null=True, blank=True)
    erased_at = models.DateTimeField(_("person erased"), null=True, blank=True, editable=False)

    objects = RegistrationQuerySet.as_manager()

    class Meta:
        verbose_name = _("registration")
        verbose_name_plural = _("registrations")
        ordering = ["-registered_at", "-pk"]
        indexes = [
            models.Index(fields=["event", "state"], name="events_registration_by_state"),
            models.Index(fields=["email_key"], name="events_registration_by_email"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["event", "email_key"],
                condition=Q(state__in=LIVE_STATES),
                name="events_registration_once_per_address",
            ),
            models.UniqueConstraint(fields=["event", "waiting_number"], name="events_registration_waiting_order"),
            models.CheckConstraint(
                condition=Q(state__in=RegistrationState.values), name="events_registration_state_known"
            ),
            models.CheckConstraint(
                condition=~Q(state=RegistrationState.WAITING) | Q(waiting_number__isnull=False),
                name="events_registration_waits_with_number",
            ),
            models.CheckConstraint(
                condition=Q(state=RegistrationState.CANCELLED, cancelled_at__isnull=False)
                | (~Q(state=RegistrationState.CANCELLED) & Q(cancelled_at=None)),
                name="events_registration_cancelled_has_moment",
            ),
            models.CheckConstraint(
                condition=~Q(email_key="") & ~Q(name=""), name="events_registration_has_name_and_address"
            ),
            models.CheckConstraint(
                condition=Q(erased_at=None)
                | Q(
                    person=None,
                    organisation="",
                    email_key__endswith="@erased.invalid",
                    email__endswith="@erased.invalid",
                ),
                name="events_registration_erased_is_nobodys",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_live(self) -> bool:
        """Whether the person has a seat or waits for one."""
        return self.state in LIVE_STATES

    @property
    def is_confirmed(self) -> bool:
        """Whether the person has a seat."""
        return self.state == RegistrationState.CONFIRMED

    @property
    def is_waiting(self) -> bool:
        """Whether the person waits for a seat."""
        return self.state == RegistrationState.WAITING

    @property
    def is_followed(self) -> bool:
        """Whether the person has given this registration up and made another one since, which is live."""
        again = Registration.objects.filter(event_id=self.event_id, email_key=self.email_key, state__in=LIVE_STATES)
        return not self.is_live and again.exists()

    @property
    def is_expired(self) -> bool:
        """Whether the event ended so long ago that the signed addresses open nothing any more."""
        return clock.now() > self.event.ends_at + settings.REGISTRATION_LINKS_LAST

    @property
    def token(self) -> str:
        """What signs the address of the person's own page."""
        return tokens.make(self.uuid, self.token_version)

    @property
    def join_token(self) -> str:
        """What signs the address of the page that leads into the meeting; it opens nothing else."""
        return tokens.make(self.uuid, self.token_version, salt=tokens.JOIN)

    @property
    def display_title(self) -> str:
        """The event's title in the reader's language, or else in its own; needs `for_display`."""
        return self.local_title or self.event.title

    @property
    def display_language(self) -> str:
        """The language of `display_title`, empty for the reader's own; needs `for_display`."""
        return "" if self.local_title else self.event.source_locale.language_code

    @property
    def short_name(self) -> str:
        """What to greet the person by."""
        return self.name.split(" ")[0]

    @property
    def guarded_name(self) -> str:
        """First name and initial, such as "Ana S.": enough to recognise oneself by, little for whoever else looks."""
        first, *others = self.name.split() or [""]
        # Of an Arabic name the article says nothing.
        last = others[-1].removeprefix(ARTICLE) or others[-1] if others else ""
        return f"{first[:40]} {last[0]}." if last else first[:40]


class RegistrationChange(HistoryStep):
    """One step in a registration's history; written once, never changed."""

    registration = models.ForeignKey(
        Registration, verbose_name=_("registration"), on_delete=models.CASCADE, related_name="changes"
    )
    what = models.CharField(_("what"), max_length=16, choices=ChangeKind.choices)
    actor = models.CharField(_("by whom"), max_length=16, choices=Actor.choices)
    reason = models.CharField(_("reason"), max_length=300, blank=True)

    class Meta(HistoryStep.Meta):
        verbose_name = _("change of a registration")
        verbose_name_plural = _("changes of registrations")
        constraints = [
            models.CheckConstraint(condition=Q(what__in=ChangeKind.values), name="events_change_what_known"),
            models.CheckConstraint(condition=Q(actor__in=Actor.values), name="events_change_actor_known"),
        ]
