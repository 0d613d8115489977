#!/usr/bin/env python
"""Django's command line; the settings module comes from the environment, demo by default."""

import os
import sys
from pathlib import Path


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gkec.settings.demo")
    # `site` is a standard module's name, so the folder is a root on the path, not a package.
    sys.path.insert(1, str(Path(__file__).resolve().parent / "site"))
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
