"""Whether the process answers, and whether all it stands on answers too."""

import logging
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from core.dependencies import CHECKS

logger = logging.getLogger(__name__)


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
