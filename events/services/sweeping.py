"""The sweep: finds events that no page speaks for or that are out of step, free seats, reminders nobody planned."""

import logging
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q

from core import clock
from core.handing_over import without_source_page
from events.errors import EventError
from events.models import Event, ReminderRule, WebinarPage
from events.services import planning, seats
from events.services.handing_over import hand_over_source
from events.services.projecting import pages_out_of_step, project_event
from events.services.promoting import give_alone

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Swept:
    """How many events one sweep handed over or brought up to a page, people it gave a seat, reminders it planned."""

    handed_over: int
    projected: int
    promoted: int
    planned: int


def sweep() -> Swept:
    """Put right what was missed; safe at any time and any number of times."""
    handed_over = sum(_hand_over(key) for key in without_source_page(Event, WebinarPage))
    projected = sum(_project(page) for page in pages_out_of_step())
    promoted = sum(give_alone(pk) for pk in _with_seats_to_give())
    planned = sum(_plan(pk) for pk in _with_reminders_to_come())
    return Swept(handed_over=handed_over, projected=projected, promoted=promoted, planned=planned)


def _hand_over(translation_key: UUID) -> bool:
    try:
        return hand_over_source(translation_key=translation_key) is not None
    except Exception:
        logger.exception("The event of key %s could not be handed over.", translation_key)
        return False


def _project(page: WebinarPage) -> bool:
    try:
        return project_event(page=page) is not None
    except EventError as refusal:
        # The page was published past every form, so only staff can mend it.
        logger.warning("Page %s cannot become an event: %s", page.pk, type(refusal).__name__)
        return False
    except Exception:
        # One page or event that cannot be put right must not hold up the others, sweep after sweep.
        logger.exception("Page %s could not be brought into its event.", page.pk)
        return False


def _plan(event_id: int) -> int:
    try:
        with transaction.atomic():
            return planning.plan(event_id=seats.lock(event_id).pk)
    except Exception:
        logger.exception("The reminders of event %s could not be planned.", event_id)
        return 0


def _with_reminders_to_come() -> list[int]:
    rules = ReminderRule.objects.filter(armed_at__isnull=False, due_at__gt=clock.now())
    return list(
        Event.objects.filter(translation_key__in=rules.values("translation_key"))
        .order_by("pk")
        .values_list("pk", flat=True)
    )


def _with_seats_to_give() -> list[int]:
    """Return events that have not begun, where somebody waits although a seat is free."""
    events = Event.objects.scheduled().filter(starts_at__gt=clock.now()).with_seats()
    waited_for = events.filter(Q(capacity=None) | Q(seats_taken__lt=F("capacity")), seats_waiting__gt=0)
    return list(waited_for.order_by("pk").values_list("pk", flat=True))
