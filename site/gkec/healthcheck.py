"""`python -P site/gkec/healthcheck.py`: exits with 0 when the process of this container is well.

A web process has to answer. A worker or beat, told by LIFE_SIGN, has to have given a sign of life lately (ADR 14).
"""

import os
import sys
import time

SECONDS = 8
# Workers give a sign each two seconds, beat at least each twenty.
SILENT_SECONDS = 60
NOT_TO_BLAME = "The broker does not answer: to start this process again would not help."


def main() -> int:
    """Look at what this container runs."""
    file = os.environ.get("LIFE_SIGN", "").strip()
    return look(file) if file else ask()


def ask() -> int:
    """Ask /healthz in the name of the site, since others are refused."""
    import urllib.request
    from urllib.parse import urlsplit

    host = urlsplit(os.environ.get("BASE_URL", "")).hostname or "localhost"
    port = os.environ.get("WEB_BIND", "").rpartition(":")[2] or "8000"
    request = urllib.request.Request(f"http://127.0.0.1:{port}/healthz", headers={"Host": host})
    try:
        with urllib.request.urlopen(request, timeout=SECONDS) as answer:  # noqa: S310  (our own loopback address)
            return 0 if answer.status == 200 else 1
    except OSError as problem:
        print(f"The web process does not answer: {problem}.", file=sys.stderr)
        return 1


def look(file: str) -> int:
    """Say that a process hangs only where its loop stands still although the broker, which it waits for, answers."""
    try:
        silent = time.time() - os.stat(file).st_mtime  # noqa: PTH116  (pathlib would take as long as all the rest)
    except OSError:
        silent = None
    if silent is not None and silent < SILENT_SECONDS:
        return 0
    if not broker_answers():
        print(NOT_TO_BLAME, file=sys.stderr)
        return 0
    said = "none" if silent is None else f"the last one {silent:.0f} s ago"
    print(f"No sign of life ({said}), although the broker answers.", file=sys.stderr)
    return 1


def broker_answers() -> bool:
    """Ask the broker as Celery would, which takes a second to load: only when the process is silent."""
    import threading

    # A thread, since a look-up of a name hears no signal.
    late = threading.Timer(SECONDS, give_up)
    late.daemon = True
    late.start()
    from kombu.connection import Connection

    address = os.environ.get("CELERY_BROKER_URL", "").strip() or os.environ.get("REDIS_URL", "").strip()
    try:
        with Connection(address, connect_timeout=SECONDS) as broker:
            broker.connect()
    except Exception:  # noqa: BLE001  (whatever it is, it is not the process that was asked about)
        return False
    finally:
        late.cancel()
    return True


def give_up() -> None:
    """End at once: libraries try again on their own, and whoever asks takes a late answer for a bad one."""
    os.write(2, f"{NOT_TO_BLAME}\n".encode())
    os._exit(0)


if __name__ == "__main__":
    sys.exit(main())
