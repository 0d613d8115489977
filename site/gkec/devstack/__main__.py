"""`python -m gkec.devstack`: runs the whole site on a bare machine; this is what `make demo` calls."""

import argparse
import errno
import os
import signal
import sys
from pathlib import Path

from gkec.devstack import interrupts, options
from gkec.devstack.errors import Refusal
from gkec.devstack.processes import tie
from gkec.devstack.stack import Stack


def say(sentence: str) -> None:
    """Print a line at once; a closed terminal must not stop the orderly end."""
    try:
        print(sentence, flush=True)
    except OSError:
        sys.stdout = Path(os.devnull).open("w")  # noqa: SIM115  (kept open for the rest of the process)


def main() -> int:
    """Run until stopped; 0 after an orderly stop, 1 after one sentence that says what is wrong."""
    parser = argparse.ArgumentParser(prog="python -m gkec.devstack", description=__doc__)
    parser.add_argument(
        "--stop-with-parent", action="store_true", help="stop when the calling process ends, however it ends"
    )
    if parser.parse_args().stop_with_parent:
        tie(os.getppid(), signal.SIGTERM)
    interrupts.listen()
    stack: Stack | None = None
    try:
        stack = Stack(options.read(), say)
        stack.run()
    except interrupts.StopAsked:
        say("Stopping.")
    except Refusal as refusal:
        print(refusal, file=sys.stderr)
        return 1
    except OSError as problem:
        if problem.errno not in {errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EROFS}:
            raise
        where = f" ({problem.filename})" if problem.filename else ""
        print(f"Nothing can be written: {problem.strerror}{where}.", file=sys.stderr)
        return 1
    finally:
        if stack is not None:
            stack.stop()
    say(f"Stopped; the data stay in {stack.options.var}." if stack is not None else "Stopped.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
