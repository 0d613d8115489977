"""Preparing the pages below a page for translation: a row first, then a worker that may be killed at any moment."""

import logging
from collections.abc import Iterable
from functools import partial
from typing import Any

from celery import current_app
from django.db import connection, transaction
from kombu.exceptions import OperationalError
from wagtail.models import Locale, Page
from wagtail_localize.operations import translate_page_subtree

from core import clock
from core.models import TranslationJob
from core.models.translation_jobs import MOST_ATTEMPTS

logger = logging.getLogger(__name__)

TASK = "core.tasks.translate_subtree"


def ask_for_subtree(*, page: Page, locales: Iterable[Locale], user: Any) -> TranslationJob:
    """Write down that everything below `page` shall be translated, and ring for a worker after the commit."""
    job = TranslationJob.objects.create(
        page=page, languages=[locale.language_code for locale in locales], asked_by=user
    )
    transaction.on_commit(partial(_ring, job.pk), robust=True)
    return job


def translate(*, job_id: int) -> bool:
    """Do a job unless somebody is at it or at another; tell whether it was done now.

    One at a time, since one takes minutes and the sweeps need a process of the same workers. All pages or none: a
    worker that is killed leaves the job waiting. What waits is found by the next sweep. The attempt is counted before
    the work, so that a job which kills its worker is given up.
    """
    with transaction.atomic():
        job = _taken(job_id) if _is_alone() else None
        if job is None or job.attempts >= MOST_ATTEMPTS:
            return False
        job.attempts += 1
        job.save(update_fields=["attempts"])
    with transaction.atomic():
        job = _taken(job_id) if _is_alone() else None
        if job is None:
            return False
        locales = list(Locale.objects.filter(language_code__in=job.languages))
        translate_page_subtree(job.page_id, locales, None, job.asked_by)
        job.finished_at = clock.now()
        job.save(update_fields=["finished_at"])
    return True


def translate_waiting() -> int:
    """Do every job that waits, oldest first; one that fails is logged and tried again by the next sweep."""
    done = 0
    for job_id in list(TranslationJob.objects.waiting().values_list("pk", flat=True)):
        try:
            done += translate(job_id=job_id)
        except Exception:
            logger.exception("Translation job %s failed; it is given up after %s attempts.", job_id, MOST_ATTEMPTS)
    return done


def _is_alone() -> bool:
    """Tell whether no other job is under way, and let none begin before this transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))", [TASK])
        return cursor.fetchone()[0]


def _taken(job_id: int) -> TranslationJob | None:
    """Return the job, locked; None when it is done or another worker holds it."""
    jobs = TranslationJob.objects.select_for_update(skip_locked=True).filter(pk=job_id, finished_at__isnull=True)
    return jobs.first()


def _ring(job_id: int) -> None:
    try:
        current_app.send_task(TASK, args=[job_id])
    except OperationalError as problem:
        logger.warning("The broker does not answer; the sweep will find translation job %s: %s", job_id, problem)
