"""Named reads of the outbox."""

from datetime import datetime

from django.db import models

from mail.enums import (
    FINAL,
    HELD,
    MAY_HAVE_ARRIVED,
    MISSED,
    NOT_WORTH_SENDING,
    OPEN,
    STOPS_EVERYTHING,
    WAITING,
    State,
    Stream,
)

_NOT_WORTH_SENDING = models.Q(state__in=[State.CANCELLED, State.UNKNOWN], reason__in=NOT_WORTH_SENDING)


class MessageQuerySet(models.QuerySet):
    def waiting(self) -> "MessageQuerySet":
        """Return messages that a worker has yet to take, now or later."""
        return self.filter(state__in=WAITING)

    def unbegun(self) -> "MessageQuerySet":
        """Return messages that have not begun to leave, also those that a worker has taken already."""
        return self.filter(models.Q(state__in=WAITING) | models.Q(state=State.LEASED))

    def due(self, *, now: datetime) -> "MessageQuerySet":
        """Return waiting messages whose time has come, those of paused mailings left aside."""
        return self.waiting().filter(due_at__lte=now, mailing__paused_at=None)

    def held(self) -> "MessageQuerySet":
        """Return messages that a worker has in hand, or had when it died."""
        return self.filter(state__in=HELD)

    def put_off(self) -> "MessageQuerySet":
        """Return messages that wait to be tried again, those of paused mailings left aside."""
        return self.filter(state=State.DEFERRED, mailing__paused_at=None)

    def unsent(self, *, now: datetime) -> "MessageQuerySet":
        """Return messages that should have left: due, in a worker's hands, or to be tried again.

        What is to leave later and was never tried is none of them, nor is what a pause keeps.
        """
        is_wanted = models.Q(due_at__lte=now) | models.Q(state=State.DEFERRED)
        waiting = models.Q(state__in=WAITING, mailing__paused_at=None) & is_wanted
        return self.filter(waiting | models.Q(state__in=HELD))

    def finished(self) -> "MessageQuerySet":
        """Return messages that nothing will happen to unless staff say so."""
        return self.filter(state__in=FINAL)

    def missed(self) -> "MessageQuerySet":
        """Return messages that ended without being accepted, and those that were put off."""
        return self.filter(state__in=MISSED | {State.DEFERRED})

    def unknown(self) -> "MessageQuerySet":
        """Return messages of which only the receiving server knows whether it took them."""
        return self.filter(state=State.UNKNOWN)

    def not_worth_sending(self) -> "MessageQuerySet":
        """Return messages that we ended ourselves before they left, or before they were to be sent once more."""
        return self.filter(_NOT_WORTH_SENDING)

    def perhaps_read(self) -> "MessageQuerySet":
        """Return messages that have arrived, may have, or are still to leave."""
        return self.filter(state__in=MAY_HAVE_ARRIVED | OPEN).exclude(_NOT_WORTH_SENDING)

    def without_content(self) -> "MessageQuerySet":
        """Leave the words and files in the database, for lists."""
        return self.defer("text", "html", "attachments", "params")

    def with_words(self) -> "MessageQuerySet":
        """Bring along the words that a message shares with others."""
        return self.select_related("variant")


class SuppressionQuerySet(models.QuerySet):
    def in_force(self, *, now: datetime) -> "SuppressionQuerySet":
        """Leave out what has expired."""
        return self.filter(models.Q(expires_at__isnull=True) | models.Q(expires_at__gt=now))

    def stopping(self, stream: str) -> "SuppressionQuerySet":
        """Return what stops mail of this stream: every reason stops bulk mail, only the strong ones other mail."""
        return self if stream == Stream.BULK else self.filter(reason__in=STOPS_EVERYTHING)
