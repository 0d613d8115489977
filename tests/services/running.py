"""One running site for the browser tests of all workers."""

import contextlib
import fcntl
import json
from collections.abc import Generator
from pathlib import Path

from tests.services.demo import READY, Demo, copy_data, end_all, make_first_start, start_one
from tests.services.scheduling import shared_folder, site_facts

# What goes to many leaves at once, and its end is noticed soon.
NO_WAITING = {"MAIL_UNDO_SECONDS": "0", "CAMPAIGNS_ADVANCE_SECONDS": "2"}


@contextlib.contextmanager
def site_lock() -> Generator[None]:
    """Hold what only one process may: the right to start the site."""
    shared_folder().mkdir(mode=0o711, exist_ok=True)
    with (shared_folder() / "site-lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def start_site() -> Demo:
    """Start the site on a copy of the data that the first start made, and tell the other processes of it."""
    folder = shared_folder() / "site"
    assert not folder.exists(), f"The site has not started:\n{(folder / 'output.txt').read_text()}"
    folder.mkdir()
    copy_data(shared_folder() / "var", folder / "var")
    demo = start_one(folder / "var", folder / "output.txt", ("--stop-with-parent",), NO_WAITING)
    demo.wait_for(READY, seconds=200)
    site_facts().write_text(json.dumps({"port": demo.port, "var": str(demo.var)}))
    return demo


@contextlib.contextmanager
def running_site() -> Generator[tuple[int, Path]]:
    """Yield the port and the folder of the run's site; where there is none yet, one runs until the context ends."""
    own: list[Demo] = []
    with site_lock():
        if not site_facts().exists():
            make_first_start()
            own.append(start_site())
    try:
        facts = json.loads(site_facts().read_text())
        yield facts["port"], Path(facts["var"])
    finally:
        end_all(own)
