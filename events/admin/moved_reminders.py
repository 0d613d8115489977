"""The reminders that a new date moves: what leaves by it, to whom and in which words, and what does not any more."""

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count
from django.utils.translation import gettext, ngettext

from core import clock
from events import reminder_words
from events.admin.rule_dry_runs import ArmView, SendNowView, not_known_yet
from events.admin.telling import Scheduled
from events.audiences import MovedAudience
from events.enums import ReminderState
from events.models import Event, Reminder
from events.services import planning, ruling
from events.services.planning import Foreseen
from mail.admin.dry_run import Part, rehearsed


@dataclass(frozen=True)
class Moved:
    """What one publication moves: one that was made, or one that is scheduled `at` a moment."""

    event: Event
    found: list[Foreseen]
    at: datetime | None = None

    def parts(self, sample_url: Callable[[str], Callable[[str], str]]) -> Iterator[dict[str, Any]]:
        """Yield a part of a rehearsal for each reminder that leaves and has somebody to go to."""
        written = ruling.which_have_written([one.rule for one in self.found])
        for one in self.found:
            if one.leaves_at is None:
                continue
            audience = self._audience(one)
            part = Part(audience, one.leaves_at, sample_url(self._name(one)), self._heading(one))
            (shown,) = rehearsed(part)["parts"]
            if shown["rehearsal"].total:
                has_left = one.rule.pk in written or (self.at is not None and one.was_due_at <= self.at)
                yield {**shown, "note": _note(one, has_left=has_left), "not_known_yet": not_known_yet(audience)}

    def left_out(self) -> Iterator[str]:
        """Yield a sentence for each reminder that somebody would have got, and nobody gets any more."""
        left_out = [one.rule for one in self.found if one.leaves_at is None]
        planned = Reminder.objects.filter(rule__in=left_out, state=ReminderState.PLANNED).order_by()
        numbers = dict(planned.values_list("rule").annotate(number=Count("pk")))
        for rule in left_out:
            if number := numbers.get(rule.pk, 0):
                yield self._not_any_more(number) % {"reminder": reminder_words.when(rule), "number": number}

    def named(self, which: str) -> MovedAudience | None:
        """Return whom the reminder goes to that is called so in the address of a sample."""
        return next((self._audience(one) for one in self.found if one.leaves_at and self._name(one) == which), None)

    def _audience(self, one: Foreseen) -> MovedAudience:
        return MovedAudience(one.rule, self.event, at=one.leaves_at)

    def _name(self, one: Foreseen) -> str:
        return f"{'reminder' if self.at is None else 'coming-reminder'}-{one.rule.pk}"

    def _heading(self, one: Foreseen) -> str:
        when = reminder_words.when(one.rule)
        if self.at is None:
            return gettext("Reminder: %(title)s") % {"title": when}
        return gettext("Reminder, by what is scheduled: %(when)s") % {"when": when}

    def _not_any_more(self, number: int) -> str:
        if self.at is None:
            return ngettext(
                "By the new date the time of the reminder “%(reminder)s” has passed, and %(number)s person does not "
                "get it.",
                "By the new date the time of the reminder “%(reminder)s” has passed, and %(number)s people do not "
                "get it.",
                number,
            )
        return ngettext(
            "By the date that is scheduled the time of the reminder “%(reminder)s” will have passed: %(number)s person "
            "will not get it.",
            "By the date that is scheduled the time of the reminder “%(reminder)s” will have passed: %(number)s people "
            "will not get it.",
            number,
        )


def of(event: Event, coming: Scheduled | None) -> Iterator[Moved]:
    """Yield what the changes move of which nobody has been told yet, then what a scheduled publication moves."""
    yield Moved(event, planning.foresee(event=event))
    if coming and coming.news:
        then = copy.copy(coming.then)
        # Samples are of a version that there will be: none that is kept may be laid over the event.
        then.revision += 1
        yield Moved(then, planning.foresee_publication(event=event, then=then, at=coming.at), coming.at)


def named(which: str, event: Event, coming: Scheduled | None) -> MovedAudience | None:
    """Return whom the reminder goes to that is called so in the address of a sample."""
    return next((found for one in of(event, coming) if (found := one.named(which))), None)


def _note(one: Foreseen, *, has_left: bool) -> str:
    """Return who else gets it, and that it was sent before if it was."""
    is_to_come = one.rule.due_at is not None and one.rule.due_at > clock.now()
    who_else = str(ArmView.note) if is_to_come else ""
    return f"{who_else} {SendNowView.note}".strip() if has_left else who_else
