"""What a server's reply or a provider's notice means: its class, its code, and whether the mailbox is gone for good."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from mail.enums import ReportKind

# RFC 3463: class.subject.detail at the beginning of the words.
_ENHANCED = re.compile(r"([245])\.(\d{1,3})\.(\d{1,3})(?!\d)")
# The same in the middle of what a provider tells, where it is no part of an address such as 192.5.1.1.
_WITHIN = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?!\.?\d)")
# No such mailbox, no such system, malformed, moved without a trace, and RFC 7505: the domain takes no mail at all.
_NOBODY_THERE = {(1, 1), (1, 2), (1, 3), (1, 6), (1, 10)}
_FULL = {(2, 2), (3, 1), (5, 3)}
# A provider's bounce for another reason speaks of our words or our name, not of the mailbox.
_OF_THE_MAILBOX = {None, "bounced", "invalid"}
# What providers call a mailbox that takes no mail for now: Brevo, Postmark and Amazon SES in this order.
_SOFT = re.compile(r"(?i)\bsoft[ _-]?bounce|\btransient\b")
_KINDS = {
    "bounced": ReportKind.BOUNCED,
    "complained": ReportKind.COMPLAINED,
    "unsubscribed": ReportKind.UNSUBSCRIBED,
    "rejected": ReportKind.REJECTED,
    "failed": ReportKind.REJECTED,
}
_GREYLISTED = {(2, 0), (2, 1), (7, 0), (7, 1)}


class Trouble(StrEnum):
    """Why a message has to wait; MAIL_RETRIES says how long for each."""

    CONNECTION = "connection"
    GREYLISTED = "greylisted"
    LOCAL = "local"
    FULL = "full"
    SECURITY = "security"
    OTHER = "other"


_BY_CODE = {
    None: Trouble.CONNECTION,
    421: Trouble.CONNECTION,
    432: Trouble.CONNECTION,
    450: Trouble.GREYLISTED,
    451: Trouble.LOCAL,
    452: Trouble.FULL,
    454: Trouble.SECURITY,
}


@dataclass(frozen=True)
class Status:
    """An enhanced status code, such as 5.1.1."""

    kind: int
    subject: int
    detail: int


def status(words: str) -> Status | None:
    """Return the enhanced status code that a reply's words begin with."""
    found = _ENHANCED.match(words.lstrip())
    return Status(*map(int, found.groups())) if found else None


def gone_by_hearsay(words: str) -> bool | None:
    """Whether a reply that a provider repeats says that the mailbox does not exist; None where it has no code."""
    found = _WITHIN.search(words)
    if found is None:
        return None
    kind, subject, detail = map(int, found.groups())
    return kind == 5 and (subject, detail) in _NOBODY_THERE


def reported(event: Any) -> ReportKind | None:
    """Return what an event of anymail's tells of a message; None where it tells of no trouble.

    A bounce that does not say that nobody is there is a refusal like any other.
    """
    what = _KINDS.get(event.event_type)
    if what is not ReportKind.BOUNCED:
        return what
    raw = event.esp_event if isinstance(event.esp_event, Mapping) else {}
    is_gone = gone_by_bounce(
        reason=event.reject_reason,
        words=str(event.mta_response or event.description or ""),
        called=f"{event.description or ''} {raw.get('event', '')} {raw.get('Type', '')}",
    )
    return what if is_gone else ReportKind.REJECTED


def gone_by_bounce(*, reason: str | None, words: str, called: str) -> bool:
    """Whether a bounce that a provider tells of says that nobody is there.

    Providers call it a bounce too when a mailbox is full for a day. The server's `words` decide; where they have no
    code, what the provider `called` it does.
    """
    if reason not in _OF_THE_MAILBOX:
        return False
    by_code = gone_by_hearsay(words)
    return not _SOFT.search(called) if by_code is None else by_code


def trouble(code: int | None, words: str) -> Trouble:
    """Return the class of a reply that asks for another try; the enhanced code says more than the plain one."""
    found = status(words)
    detail = (found.subject, found.detail) if found and found.kind == 4 else None
    if detail in _FULL:
        return Trouble.FULL
    if code == 451 and detail in _GREYLISTED:
        # Many servers greylist with 451 4.7.1, although 451 speaks of a fault of their own.
        return Trouble.GREYLISTED
    return _BY_CODE.get(code, Trouble.OTHER)


def nobody_there(code: int | None, words: str) -> bool:
    """Whether the reply says that this mailbox does not exist; any other refusal may be about us or our words."""
    found = status(words)
    return bool(code and code >= 500 and found and found.kind == 5 and (found.subject, found.detail) in _NOBODY_THERE)
