"""A process that forks children which do one odd thing each, and prints what became of them as JSON."""

import atexit
import json
import os
import signal
import sys
from pathlib import Path

from gkec.devstack import interrupts
from gkec.devstack.forks import COMMANDS, ForkedProgram
from gkec.devstack.processes import Child, wait_until


def tell() -> None:
    print(
        json.dumps(
            {
                "arguments": sys.argv,
                "folder": str(Path.cwd()),
                "environment": dict(os.environ),
                "input": sys.stdin.read(),
                "open": sorted(int(path.name) for path in Path("/proc/self/fd").iterdir() if path.exists()),
                "leads a group": os.getpgrp() == os.getpid(),
                "shown as": [Path(f"/proc/self/{name}").read_text().strip("\0\n") for name in ("comm", "cmdline")],
            }
        )
    )


def leave_with_a_sentence() -> None:
    sys.exit("The port is taken.")


def leave_with_a_number() -> None:
    sys.exit(3)


def fail() -> None:
    raise ValueError("no such city")


def come_to_the_end() -> None:
    atexit.register(lambda: print("What was left to do at the end."))


def wait_for_a_signal() -> None:
    print("waits", flush=True)
    signal.pause()


def ignore_a_request() -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    wait_for_a_signal()


ODD = (tell, leave_with_a_sentence, leave_with_a_number, fail, come_to_the_end, wait_for_a_signal, ignore_a_request)


def start(name: str, folder: Path, kept: int) -> Child:
    program = ForkedProgram(
        name=name,
        command=[name, "argument"],
        log=folder / f"{name}.log",
        environment={"GIVEN": "yes"},
        folder=folder,
        keep_open=[kept],
        # Only one of them has to be killed.
        patience_seconds=0.3 if name == ignore_a_request.__name__ else 20,
    )
    return program.start()


def live(child: Child) -> dict[str, str]:
    """Let a child come to its end, asking those that wait, and return what it said and how it ended."""
    log = child.program.log
    wait_until(lambda: not child.is_running() or log.read_text() == "waits\n", seconds=20)
    child.stop()
    return {"said": log.read_text(), "ended": child.how_it_ended()}


def main() -> None:
    folder = Path(sys.argv[1])
    interrupts.listen()
    COMMANDS.update({act.__name__: act for act in ODD})
    with (folder / "lock").open("w"), (folder / "kept").open("w") as kept:
        stories = {act.__name__: live(start(act.__name__, folder, kept.fileno())) for act in ODD}
        stories["kept"] = {"said": str(kept.fileno()), "ended": ""}
    print(json.dumps(stories))


if __name__ == "__main__":
    main()
