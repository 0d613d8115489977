"""How lines of the log are written: readable or as JSON, with the request's id and without personal data.

The formatter redacts, rather than a filter, since exceptions become text only here.
"""

import logging
from typing import Any

from pythonjsonlogger.json import JsonFormatter

from core import requestid
from core.redaction import redact, redact_all

LINE = "{asctime} {levelname} {name} [{request_id}] {message}"


class LineFormatter(logging.Formatter):
    """One readable line, exceptions beneath."""

    def __init__(self) -> None:
        super().__init__(LINE, style="{")

    def format(self, record: logging.LogRecord) -> str:
        record.request_id = requestid.current() or "-"
        return redact(super().format(record))


class JsonLineFormatter(JsonFormatter):
    """One JSON object a line: time, level, logger, message, request_id, what else was given, exc_info."""

    def __init__(self) -> None:
        super().__init__(
            "{levelname}{name}{message}",
            style="{",
            rename_fields={"levelname": "level", "name": "logger"},
            timestamp="time",
        )

    def process_log_record(self, log_data: dict[str, Any]) -> dict[str, Any]:
        """Add the request's id and redact each value before it becomes JSON, whose escapes would hide it."""
        if found := requestid.current():
            log_data.setdefault("request_id", found)
        return redact_all(log_data)


FORMATTERS = {"line": LineFormatter, "json": JsonLineFormatter}


def formatter(name: str) -> logging.Formatter:
    """Return a new formatter of this name (LOG_FORMAT)."""
    return FORMATTERS[name]()


def configuration(name: str) -> dict[str, Any]:
    """Return Django's LOGGING: everything to the standard error, in the format of this name."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"chosen": {"()": f"core.logs.{FORMATTERS[name].__name__}"}},
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "chosen"}},
        "root": {"handlers": ["console"], "level": "INFO"},
    }
