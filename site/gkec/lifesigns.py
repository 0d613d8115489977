"""Signs of life of workers and beat: a file that each touches while its loop turns; gkec/healthcheck.py looks at it.

Only where LIFE_SIGN names the file, one for each process; what the sign promises and what not stands in ADR 14.
"""

import contextlib
from pathlib import Path
from typing import Any

from celery import signals


def connect() -> None:
    """Let workers give their sign; called once, where the application is made."""
    signals.heartbeat_sent.connect(_beat, weak=False, dispatch_uid="gkec.lifesigns")


def give() -> None:
    """Touch the file; one that cannot be written must stop no work."""
    from django.conf import settings

    if settings.LIFE_SIGN:
        with contextlib.suppress(OSError):
            Path(settings.LIFE_SIGN).touch()


def _beat(**kwargs: Any) -> None:
    # From the loop that also fetches tasks, each two seconds, whatever the pool's processes do meanwhile.
    give()
