"""How soon work goes on after a worker's death: what it held must be free when its lease has run out."""

from collections.abc import Callable
from datetime import datetime

from gkec.devstack.processes import wait_until
from mail.models import Message

# A busy machine needs some seconds to start a process. A lease of the usual length would take 120.
MARGIN_SECONDS = 20


def assert_resumed(*, since: datetime, lease_seconds: float, sweep: Callable[[], object]) -> None:
    """Sweep as beat would until a message leaves that was started after the death: within the lease and a margin.

    Call it as soon as there is a worker again.
    """

    def is_resumed() -> bool:
        sweep()
        return Message.objects.filter(state="accepted", started_at__gt=since).exists()

    seconds = lease_seconds + MARGIN_SECONDS
    assert wait_until(is_resumed, seconds=seconds, pause=0.3), f"Nothing has left {seconds} s after the death."
