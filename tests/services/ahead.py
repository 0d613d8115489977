"""Makes the site's first start, and runs the site of the browser tests, beside the tests that need neither.

A process of its own: it belongs to the run and not to one worker, which may have nothing left to do long before the
others.
"""

import signal
import sys

from tests.services.demo import end_all, make_first_start
from tests.services.running import site_lock, start_site


def main() -> None:
    """Say that the site will come from here, start it, and run until told to end."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with site_lock():
        print("taken", flush=True)
        make_first_start()
        demo = start_site()
    try:
        signal.pause()
    finally:
        end_all([demo])


if __name__ == "__main__":
    main()
