"""Publishing what is due: each scheduled revision and each expiry in a transaction of its own."""

import logging
from collections.abc import Callable

from django.db import transaction
from wagtail.models import Page, Revision

from core import clock

logger = logging.getLogger(__name__)


def publish_due() -> int:
    """Publish scheduled revisions and take expired pages down; return how many were done.

    Wagtail's own command publishes step by step and stops at the first failure; here a page that fails stays as it
    was, is logged, and does not hold up the others. Safe to run twice at once: each takes its row first.
    """
    now = clock.now()
    expired = Page.objects.filter(live=True, expire_at__lt=now).order_by("expire_at")
    due = Revision.objects.filter(approved_go_live_at__lt=now).order_by("approved_go_live_at")
    done = [_alone(_expire, pk) for pk in expired.values_list("pk", flat=True)]
    done += [_alone(_publish, pk) for pk in due.values_list("pk", flat=True)]
    return sum(done)


def _alone(step: Callable[[int], bool], pk: int) -> bool:
    try:
        with transaction.atomic():
            return step(pk)
    except Exception:
        logger.exception("Could not %s what is due: %s", step.__name__.strip("_"), pk)
        return False


def _expire(pk: int) -> bool:
    rows = Page.objects.select_for_update(skip_locked=True).filter(pk=pk, live=True, expire_at__lt=clock.now())
    page = rows.first()
    if page is None:
        return False
    page.specific.unpublish(set_expired=True, log_action="wagtail.unpublish.scheduled")
    return True


def _publish(pk: int) -> bool:
    if not _holds_page(pk):
        return False
    rows = Revision.objects.select_for_update(skip_locked=True).filter(pk=pk, approved_go_live_at__lt=clock.now())
    revision = rows.first()
    if revision is None:
        return False
    # It is due by the database's clock; Wagtail asks this machine's, and would put it off where that is behind.
    revision.content["go_live_at"] = None
    revision.publish(log_action="wagtail.publish.scheduled")
    return True


def _holds_page(revision: int) -> bool:
    """Hold the page before its revision, as whoever edits it does; publishing reads the page and then writes all of it.

    False where somebody is at it: it is published by a later run.
    """
    page = Revision.objects.filter(pk=revision).values_list("object_id", flat=True).first()
    rows = Page.objects.select_for_update(skip_locked=True, no_key=True).order_by()
    return page is not None and rows.filter(pk=page).values_list("pk").first() is not None
