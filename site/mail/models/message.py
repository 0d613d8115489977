"""One e-mail to one address, from the wish to send it to its end."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from core import clock
from mail.enums import FINAL, HELD, IN_OWN_WORDS, MISSED, WAITING, Reason, State, Stream
from mail.querysets import MessageQuerySet


def _in(states: frozenset[State]) -> Q:
    # Sorted, so that the migration reads the same on every run.
    return Q(state__in=sorted(states))


class Message(models.Model):
    """A row of the outbox. Written by `mail.services` alone; docs/adr/ tells the states and promises.

    The columns have defaults in the database, so that asking for a mail names only what it knows.
    """

    key = models.CharField(
        _("key"), max_length=200, help_text=_("What the message is for. Asking twice with one key sends once.")
    )
    kind = models.CharField(_("kind"), max_length=60)
    stream = models.CharField(_("stream"), max_length=16, choices=Stream.choices)
    to_address = models.CharField(_("to"), max_length=254)
    to_name = models.CharField(_("name"), max_length=200, blank=True, default="", db_default="")
    reply_to = models.CharField(_("reply to"), max_length=254, blank=True, default="", db_default="")
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("person"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="messages",
        db_index=False,
    )
    mailing = models.ForeignKey(
        "mail.Mailing",
        verbose_name=_("mailing"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="messages",
        db_index=False,
    )
    language = models.CharField(_("language"), max_length=8)
    params = models.JSONField(
        _("parameters"), default=dict, db_default=models.Value({}, models.JSONField()), help_text=_("Ids only.")
    )

    state = models.CharField(
        _("state"), max_length=12, choices=State.choices, default=State.QUEUED, db_default=State.QUEUED
    )
    reason = models.CharField(_("reason"), max_length=16, choices=Reason.choices, blank=True, default="", db_default="")
    created_at = models.DateTimeField(_("asked for"), default=clock.now)
    due_at = models.DateTimeField(_("due"), default=clock.now)
    expires_at = models.DateTimeField(_("expires"), null=True, blank=True)
    gives_way = models.BooleanField(
        _("gives way"),
        default=False,
        db_default=False,
        help_text=_("It goes to many at once: what goes to one person alone may leave before it."),
    )
    first_tried_at = models.DateTimeField(_("first tried"), null=True)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0, db_default=0)
    repeats = models.PositiveSmallIntegerField(
        _("repeats"),
        default=0,
        db_default=0,
        help_text=_("How often it was sent again because the fate of an attempt was unknown."),
    )
    lease_id = models.UUIDField(_("lease"), null=True)
    leased_until = models.DateTimeField(_("leased until"), null=True)
    started_at = models.DateTimeField(_("hand-over started"), null=True)
    finished_at = models.DateTimeField(_("finished"), null=True)
    last_reply = models.TextField(_("the server's last words"), blank=True, default="", db_default="")

    message_id = models.CharField(_("Message-ID"), max_length=200)
    is_prepared = models.BooleanField(
        _("prepared"),
        default=False,
        db_default=False,
        help_text=_("The words were given when it was asked for, not written from ids."),
    )
    is_secret = models.BooleanField(
        _("secret"),
        default=False,
        db_default=False,
        help_text=_("The words let somebody sign in, so they are not kept."),
    )
    blanked_at = models.DateTimeField(_("blanked"), null=True)
    subject = models.TextField(_("subject"), blank=True, default="", db_default="")
    text = models.TextField(_("text"), blank=True, default="", db_default="")
    html = models.TextField(_("HTML"), blank=True, default="", db_default="")
    attachments = models.JSONField(_("attachments"), default=list, db_default=models.Value([], models.JSONField()))

    variant = models.ForeignKey(
        "mail.Variant",
        verbose_name=_("words shared with others"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="messages",
        # Nobody looks for messages by their words, and each index costs every change of state.
        db_index=False,
    )

    objects = MessageQuerySet.as_manager()

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        ordering = ["-id"]
        # Nobody writes messages by hand.
        default_permissions = ["view"]
        constraints = [
            models.UniqueConstraint(fields=["key"], name="mail_message_once_per_key"),
            models.CheckConstraint(condition=Q(state__in=sorted(State.values)), name="mail_message_state_known"),
            models.CheckConstraint(condition=Q(stream__in=sorted(Stream.values)), name="mail_message_stream_known"),
            models.CheckConstraint(
                condition=~(Q(key="") | Q(kind="") | Q(to_address="") | Q(language="") | Q(message_id="")),
                name="mail_message_says_what_to_whom",
            ),
            models.CheckConstraint(
                condition=_in(HELD) & Q(lease_id__isnull=False) & Q(leased_until__isnull=False)
                | ~_in(HELD) & Q(lease_id__isnull=True) & Q(leased_until__isnull=True),
                name="mail_message_held_by_lease",
            ),
            models.CheckConstraint(
                condition=_in(FINAL) & Q(finished_at__isnull=False) | ~_in(FINAL) & Q(finished_at__isnull=True),
                name="mail_message_final_has_end",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=[State.ACCEPTED, State.STARTED, State.UNKNOWN])
                | Q(started_at__isnull=False, first_tried_at__isnull=False, attempts__gte=1),
                name="mail_message_started_before_end",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=sorted(MISSED | {State.DEFERRED})) | ~Q(reason=""),
                name="mail_message_missed_has_reason",
            ),
        ]
        indexes = [
            models.Index(
                fields=["stream", "gives_way", "due_at", "id"], condition=_in(WAITING), name="mail_message_turn"
            ),
            models.Index(fields=["leased_until"], condition=_in(HELD), name="mail_message_held"),
            models.Index(
                fields=["expires_at"],
                condition=_in(WAITING) & Q(expires_at__isnull=False),
                name="mail_message_expiry",
            ),
            models.Index(fields=["state", "-id"], condition=_in(MISSED), name="mail_message_missed"),
            models.Index(
                fields=["finished_at"],
                condition=Q(is_secret=True, blanked_at__isnull=True, finished_at__isnull=False),
                name="mail_message_secret",
            ),
            models.Index(fields=["person"], condition=Q(person__isnull=False), name="mail_message_person"),
            models.Index(fields=["mailing", "state"], condition=Q(mailing__isnull=False), name="mail_message_mailing"),
            models.Index(Lower("to_address"), name="mail_message_address"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} → {self.to_address}"

    @property
    def is_final(self) -> bool:
        """Whether nothing more will happen to it unless staff say so."""
        return self.state in FINAL

    @property
    def shown_subject(self) -> str:
        """The subject for everybody's eyes: empty where the words let somebody sign in."""
        return "" if self.is_secret else self.subject

    @property
    def own_words(self) -> str:
        """What the site itself noted about its end, in English, where no server said anything."""
        return self.last_reply if self.reason in IN_OWN_WORDS else ""

    @property
    def words_of_server(self) -> str:
        """What a server said last, or the road to it; nothing where what is kept are our own words."""
        return "" if self.reason in IN_OWN_WORDS else self.last_reply
