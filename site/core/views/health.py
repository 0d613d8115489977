"""Whether the process answers, and whether all it stands on answers too."""

import logging
from collections.abc import Callable

import redis
from celery import current_app
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from core import valkey

logger = logging.getLogger(__name__)

BROKER_SECONDS = 1


@never_cache
@require_safe
def alive(request: HttpRequest) -> HttpResponse:
    """Answer that this process is there; asks nobody else."""
    return HttpResponse("ok\n", content_type="text/plain")


@never_cache
@require_safe
def ready(request: HttpRequest) -> JsonResponse:
    """Answer 200 when database, cache and broker answer, else 503; names what fails and says no more."""
    answers = {name: _answers(name, ask) for name, ask in CHECKS.items()}
    return JsonResponse(
        {name: "ok" if answer else "failed" for name, answer in answers.items()},
        status=200 if all(answers.values()) else 503,
    )


def _answers(name: str, ask: Callable[[], object]) -> bool:
    try:
        ask()
    except Exception as problem:  # noqa: BLE001  (whatever it is, the service is not ready)
        # The reason may hold addresses and names, so it stays in our log.
        logger.warning("%s does not answer: %s", name, problem)
        return False
    return True


def _ask_database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def _ask_cache() -> None:
    if not valkey.client().ping():
        raise redis.ConnectionError


def _ask_broker() -> None:
    with current_app.connection_for_write(connect_timeout=BROKER_SECONDS) as broker:
        broker.ensure_connection(max_retries=1, timeout=BROKER_SECONDS)


CHECKS: dict[str, Callable[[], object]] = {"database": _ask_database, "cache": _ask_cache, "broker": _ask_broker}
