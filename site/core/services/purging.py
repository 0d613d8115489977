"""The nightly purge: what has been kept for as long as its rule says goes, in small batches."""

import logging
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Min
from django.utils.translation import gettext_lazy as _

from core import clock, personal

logger = logging.getLogger(__name__)

BATCH = 500
# A preview changes nothing, so it cannot know what an earlier rule will have taken along.
SHARED = _("What falls under several rules is counted with each of them here; it goes, and counts, with the first.")


@dataclass(frozen=True)
class Due:
    """What one rule found: how many rows, and the moment from which the oldest counts."""

    kind: personal.Kind
    rule: personal.Rule
    number: int
    oldest: datetime | None = None


class RulesFailed(RuntimeError):
    """Some rules could not be obeyed, and all others were; `done` is what those found."""

    def __init__(self, failed: list[str], done: list[Due]) -> None:
        super().__init__(f"Not everything overdue was forgotten: {', '.join(failed)}. The log has the reasons.")
        self.done = done


def preview() -> list[Due]:
    """Return what each rule would find now, changing nothing; what falls under several is counted with each."""
    now = clock.now()
    return [_counted(kind, rule, now) for kind, rule in _rules()]


def purge() -> list[Due]:
    """Forget everything that is overdue (GDPR Article 5(1)(e)); safe at any time and twice at once.

    Each batch is a transaction of its own and skips rows that another purge holds, so memory stays flat and a kill
    loses at most the batch in hand, which the next night finds again. A rule that fails stops no other; that it did is
    told last, by RulesFailed.
    """
    now = clock.now()
    done: list[Due] = []
    failed: list[str] = []
    for kind, rule in _rules():
        try:
            done.append(Due(kind, rule, _forget(rule, now)))
        except Exception as problem:  # noqa: BLE001  (whatever it is, the others' data are overdue too)
            named = f"{kind.name} ({rule.setting})"
            failed.append(named)
            # Where it failed, but not what it said: that may name the very person who should be forgotten.
            places = "".join(traceback.format_tb(problem.__traceback__))
            logger.error("The purge of %s failed: %s\n%s", named, type(problem).__name__, places)  # noqa: TRY400
    if failed:
        raise RulesFailed(failed, done)
    return done


def _rules() -> Iterator[tuple[personal.Kind, personal.Rule]]:
    return ((kind, rule) for kind in personal.kinds() for rule in kind.rules)


def _counted(kind: personal.Kind, rule: personal.Rule, now: datetime) -> Due:
    rows = rule.rows(now)
    return Due(kind, rule, rows.count(), rows.aggregate(oldest=Min(rule.moment))["oldest"])


def _forget(rule: personal.Rule, now: datetime) -> int:
    number, last = 0, None
    while keys := _forget_batch(rule, now, last):
        number, last = number + len(keys), keys[-1]
    return number


@transaction.atomic
def _forget_batch(rule: personal.Rule, now: datetime, last: Any) -> list[Any]:
    rows = rule.rows(now).order_by("pk")
    if last is not None:
        # Going on behind the last key ends the loop even if a rule leaves a row as it was.
        rows = rows.filter(pk__gt=last)
    keys = list(rows.select_for_update(of=("self",), skip_locked=True).values_list("pk", flat=True)[:BATCH])
    if keys:
        rule.forget(keys)
    return keys
