"""A server's reply is read with its enhanced code, which says more than the plain one."""

import pytest
from anymail.signals import AnymailTrackingEvent

from mail import replies
from mail.enums import ReportKind
from mail.replies import Status, Trouble


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("5.1.1 No such mailbox", Status(5, 1, 1)),
        ("4.7.123 x", Status(4, 7, 123)),
        ("5.1.1234 x", None),
        ("3.1.1 x", None),
        ("No such mailbox 5.1.1", None),
        ("", None),
    ],
)
def test_the_enhanced_code_stands_at_the_beginning(words: str, expected: Status | None) -> None:
    assert replies.status(words) == expected


@pytest.mark.parametrize(
    ("code", "words", "expected"),
    [
        (None, "timed out", Trouble.CONNECTION),
        (421, "4.3.2 shutting down", Trouble.CONNECTION),
        (432, "4.3.2 too many connections", Trouble.CONNECTION),
        (450, "4.2.0 greylisted", Trouble.GREYLISTED),
        (451, "4.7.1 greylisted", Trouble.GREYLISTED),
        (451, "4.3.0 local error", Trouble.LOCAL),
        (451, "try later", Trouble.LOCAL),
        (452, "too many", Trouble.FULL),
        (452, "4.5.3 too many recipients", Trouble.FULL),
        (450, "4.2.2 over quota", Trouble.FULL),
        (454, "4.7.0 TLS not available", Trouble.SECURITY),
        (471, "who knows", Trouble.OTHER),
    ],
)
def test_a_reply_has_a_class_that_says_how_long_to_wait(code: int | None, words: str, expected: Trouble) -> None:
    assert replies.trouble(code, words) is expected


@pytest.mark.parametrize(
    ("reason", "words", "called", "expected"),
    [
        ("bounced", "550 5.1.1 No such mailbox", "soft_bounce", True),
        ("invalid", "550 5.1.1 No such mailbox", "", True),
        (None, "", "hard_bounce", True),
        ("bounced", "552 5.2.2 Over quota", "hard_bounce", False),
        ("bounced", "Mailbox full", "SoftBounce", False),
        (None, "", "soft-bounce", False),
        ("bounced", "", " Transient", False),
        ("spam", "550 5.1.1 No such mailbox", "hard_bounce", False),
        ("blocked", "", "", False),
    ],
)
def test_a_bounce_of_a_provider_is_final_only_where_it_speaks_of_the_mailbox(
    reason: str | None, words: str, called: str, expected: bool
) -> None:
    assert replies.gone_by_bounce(reason=reason, words=words, called=called) is expected


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        ({"event_type": "bounced", "mta_response": "550 5.1.1 No such mailbox"}, ReportKind.BOUNCED),
        ({"event_type": "bounced", "mta_response": "552 5.2.2 Over quota"}, ReportKind.REJECTED),
        ({"event_type": "bounced", "esp_event": {"event": "soft_bounce"}}, ReportKind.REJECTED),
        ({"event_type": "bounced", "esp_event": {"Type": "Transient"}}, ReportKind.REJECTED),
        ({"event_type": "bounced", "reject_reason": "spam"}, ReportKind.REJECTED),
        ({"event_type": "bounced"}, ReportKind.BOUNCED),
        ({"event_type": "complained"}, ReportKind.COMPLAINED),
        ({"event_type": "unsubscribed"}, ReportKind.UNSUBSCRIBED),
        ({"event_type": "rejected"}, ReportKind.REJECTED),
        ({"event_type": "failed"}, ReportKind.REJECTED),
        ({"event_type": "opened"}, None),
        ({"event_type": "deferred"}, None),
    ],
)
def test_a_notice_of_a_provider_says_what_became_of_a_message(event: dict, expected: ReportKind | None) -> None:
    assert replies.reported(AnymailTrackingEvent(**event)) is expected


def test_each_class_has_its_waits(settings) -> None:
    assert set(settings.MAIL_RETRIES) == {trouble.value for trouble in Trouble}
    assert all(0 < first <= longest for first, longest in settings.MAIL_RETRIES.values())
