"""Amazon's SES, whose library boto3 has errors, times and attempts of its own: a small server in its place."""

import time
from collections.abc import Generator
from typing import Any

import pytest

from mail.enums import Outcome
from mail.kinds import Attachment
from mail.models import Message
from mail.services import delivery
from tests.factories.mail import ask, deliver_all
from tests.services.mailapi import Api, raw

pytestmark = pytest.mark.django_db
KEY = {"region_name": "eu-west-1", "aws_access_key_id": "a", "aws_secret_access_key": "b"}


@pytest.fixture
def api(settings) -> Generator[Api]:
    server = Api()
    settings.MAIL_PROVIDER = "anymail.backends.amazon_ses.EmailBackend"
    settings.ANYMAIL = {"AMAZON_SES_CLIENT_PARAMS": {**KEY, "endpoint_url": server.url}}
    yield server
    server.stop()


def states() -> list[tuple[str, str]]:
    return list(Message.objects.order_by("id").values_list("state", "reason"))


@pytest.mark.parametrize("method", ["REQUEST", "CANCEL"])
def test_a_message_leaves_whole_with_its_invitation(api: Api, method: str) -> None:
    content_type = f"text/calendar; method={method}; charset=utf-8"
    message = ask(to_name="Zoë", attachments=[Attachment("invitation.ics", b"BEGIN:VCALENDAR\r\n", content_type, True)])
    deliver_all()
    assert states() == [("accepted", "")]
    sent = raw(api.taken[0])
    assert (sent["Message-ID"], sent["Subject"]) == (message.message_id, "A subject")
    (file,) = sent.iter_attachments()
    assert (file.get_content_type(), file.get_filename()) == ("text/calendar", "invitation.ics")
    assert dict(file["Content-Type"].params) == {"method": method, "charset": "utf-8"}
    assert file.get_content().splitlines() == ["BEGIN:VCALENDAR"]


@pytest.mark.parametrize(
    ("answer", "name", "expected"),
    [
        (429, "TooManyRequestsException", ("deferred", "unreachable")),
        (400, "ThrottlingException", ("deferred", "unreachable")),
        (400, "LimitExceededException", ("deferred", "unreachable")),
        (403, "ExpiredTokenException", ("deferred", "unreachable")),
        (400, "UnrecognizedClientException", ("deferred", "unreachable")),
        (400, "SendingPausedException", ("deferred", "unreachable")),
        (400, "MessageRejected", ("failed", "refused")),
        (400, "BadRequestException", ("failed", "refused")),
        (500, "InternalFailure", ("unknown", "no_answer")),
        ("hang up", "", ("unknown", "no_answer")),
    ],
)
def test_what_speaks_of_us_waits_and_what_speaks_of_the_message_ends(
    api: Api, answer: int | str, name: str, expected: tuple
) -> None:
    ask(to="odd@city.example", stream="bulk")
    api.answers = {"odd@city.example": [answer]}
    api.words = {"__type": name, "message": "Words."}
    deliver_all("bulk")
    # One attempt: what boto3 repeats by itself would be a second mail.
    assert (states(), api.requests) == ([expected], 1)


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/", "http://email.provider.invalid/"])
def test_nobody_there_is_unreachable(api: Api, settings, url: str) -> None:
    settings.ANYMAIL = {"AMAZON_SES_CLIENT_PARAMS": {**KEY, "endpoint_url": url}}
    ask(stream="bulk")
    deliver_all("bulk")
    assert states() == [("deferred", "unreachable")]


def test_who_answers_too_late_has_taken_it_perhaps_and_is_not_waited_for_longer_than_a_hand_over(
    api: Api, settings
) -> None:
    settings.MAIL_HANDOVER_SECONDS = 4
    api.seconds = 1.6
    ask(stream="bulk")
    started = time.monotonic()
    delivery.deliver(stream="bulk")
    assert time.monotonic() - started < settings.MAIL_HANDOVER_SECONDS
    assert (states(), api.requests) == ([("unknown", "no_answer")], 1)


@pytest.mark.parametrize("missing", ["region_name", "aws_access_key_id"])
def test_a_setting_that_is_missing_lets_all_wait(
    api: Api, settings, monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    for name in ("AWS_DEFAULT_REGION", "AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
    given: dict[str, Any] = {**KEY, "endpoint_url": api.url}
    del given[missing]
    if missing == "aws_access_key_id":
        del given["aws_secret_access_key"]
    settings.ANYMAIL = {"AMAZON_SES_CLIENT_PARAMS": given}
    ask()
    deliver_all()
    assert (states(), api.requests) == ([("deferred", Outcome.UNREACHABLE.value)], 0)
