"""Runs pieces of Python inside a running instance, one after the other, in one process: Django takes seconds to load.

Reads a JSON string a line, runs it in a namespace of its own and answers a line of JSON: whether it came to its end,
and what it printed or how it failed.
"""

import contextlib
import io
import json
import sys
import traceback

import django


def run(code: str) -> tuple[bool, str]:
    """Run `code` and return whether it came to its end, with what it printed or its traceback."""
    from django.db import connection

    from core import kept

    # Other processes of the instance write what this one would keep, and tests restart its database.
    kept.clear_all()
    connection.close()
    printed = io.StringIO()
    try:
        with contextlib.redirect_stdout(printed):
            exec(code, {"__name__": "__shell__"})  # noqa: S102  (the tests' own)
    except Exception:  # noqa: BLE001  (told to the test)
        return False, traceback.format_exc()
    return True, printed.getvalue().strip()


def main() -> None:
    """Answer line by line until the input ends."""
    answers = sys.stdout
    django.setup()
    for line in sys.stdin:
        print(json.dumps(run(json.loads(line))), file=answers, flush=True)


if __name__ == "__main__":
    main()
