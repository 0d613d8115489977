"""`python -P site/gkec/healthcheck.py`: exits with 0 when the web process of this container answers."""

import os
import sys
import urllib.request
from urllib.parse import urlsplit

SECONDS = 8


def main() -> int:
    """Ask /healthz in the name of the site, since others are refused."""
    host = urlsplit(os.environ.get("BASE_URL", "")).hostname or "localhost"
    port = os.environ.get("WEB_BIND", "").rpartition(":")[2] or "8000"
    request = urllib.request.Request(f"http://127.0.0.1:{port}/healthz", headers={"Host": host})
    try:
        with urllib.request.urlopen(request, timeout=SECONDS) as answer:  # noqa: S310  (our own loopback address)
            return 0 if answer.status == 200 else 1
    except OSError as problem:
        print(f"The web process does not answer: {problem}.", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
