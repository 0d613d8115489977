"""Says in sentences why mail does not leave, and what to do about it."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from core import dates, health
from core.health import Finding, Level


class Command(BaseCommand):
    help = "Explain what holds up mail. Exits with 1 when something needs a hand."
    # The database may be what is in trouble.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print one JSON document")

    def handle(self, *args: Any, **options: Any) -> None:
        found = [finding for _section, finding in health.findings()]
        level = health.worst(found)
        if options["json"]:
            told = {"level": level, "clocks": dates.whose_clocks(), "findings": [_plain(one) for one in found]}
            self.stdout.write(json.dumps(told, indent=1))
        else:
            self._speak(found)
        if level is Level.TROUBLE:
            raise SystemExit(1)

    def _speak(self, found: list[Finding]) -> None:
        for level in reversed(Level):
            for one in found:
                if one.level is level:
                    self.stdout.write(" ".join(filter(None, [f"[{level.label}]", one.sentence, one.advice])))
        self.stdout.write(dates.whose_clocks())


def _plain(finding: Finding) -> dict[str, str]:
    return {
        "name": finding.name,
        "level": finding.level.value,
        "sentence": finding.sentence,
        "advice": finding.advice,
    }
