"""Providers that know no message by a key: what they are told, and what is never repeated."""

from collections.abc import Generator

import pytest

from mail.kinds import Attachment
from mail.models import Message
from tests.factories.mail import ask, deliver_all
from tests.services.mailapi import Api

pytestmark = pytest.mark.django_db
KEYS = {"mailgun": "MAILGUN_API_KEY", "postmark": "POSTMARK_SERVER_TOKEN"}


@pytest.fixture(params=sorted(KEYS))
def api(request: pytest.FixtureRequest, settings) -> Generator[Api]:
    """Each provider in turn."""
    server, name = Api(), request.param
    settings.MAIL_PROVIDER = f"anymail.backends.{name}.EmailBackend"
    settings.ANYMAIL = {KEYS[name]: "secret", f"{name.upper()}_API_URL": server.url}
    yield server
    server.stop()


def states() -> list[tuple[str, str]]:
    return list(Message.objects.order_by("id").values_list("state", "reason"))


@pytest.mark.parametrize("stream", ["transactional", "bulk"])
def test_messages_leave_one_by_one_with_our_message_id(api: Api, stream: str) -> None:
    messages = [ask(to=f"p{n}@city.example", to_name="Zoë, <b>", stream=stream) for n in range(3)]
    deliver_all(stream)
    assert states() == [("accepted", "")] * 3
    assert sorted(api.addresses) == [f"p{n}@city.example" for n in range(3)]
    first = next(one for one in api.taken if one["address"] == "p0@city.example")
    assert first.get("subject", first.get("Subject")) == "A subject"
    headers = {one["Name"]: one["Value"] for one in first.get("Headers", [])}
    assert first.get("h:Message-Id", headers.get("Message-ID")) == messages[0].message_id
    assert first.get("v:outbox") or first["Metadata"]["outbox"] == messages[0].message_id.strip("<>")


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (400, ("failed", "refused")),
        (401, ("deferred", "unreachable")),
        (404, ("deferred", "unreachable")),
        (429, ("deferred", "unreachable")),
    ],
)
def test_an_answer_is_told_apart(api: Api, answer: int, expected: tuple) -> None:
    ask(to="odd@city.example")
    api.answers = {"odd@city.example": [answer]}
    deliver_all()
    assert (states(), api.taken) == ([expected], [])


@pytest.mark.parametrize("answer", ["hang up", 500])
def test_a_mail_to_many_without_an_answer_is_unknown_and_never_repeated(api: Api, answer: int | str) -> None:
    ask(to="odd@city.example", stream="bulk")
    api.answers = {"odd@city.example": [answer]}
    deliver_all("bulk")
    deliver_all("bulk")
    assert (states(), api.requests) == ([("unknown", "no_answer")], 1)


@pytest.mark.parametrize("answer", ["hang up", 500])
def test_a_mail_to_one_without_an_answer_is_repeated_once_at_most(api: Api, answer: int | str, time_machine) -> None:
    message = ask(to="odd@city.example")
    api.answers = {"odd@city.example": [answer, answer]}
    for state in (("deferred", "no_answer"), ("unknown", "no_answer")):
        deliver_all()
        assert states() == [state]
        message.refresh_from_db()
        time_machine.move_to(message.due_at)
    deliver_all()
    assert (api.requests, api.addresses) == (2, ["odd@city.example"] * 2)


@pytest.mark.parametrize("method", ["REQUEST", "CANCEL"])
def test_an_invitation_keeps_its_method(api: Api, method: str) -> None:
    """Without it a calendar neither moves nor takes off what is in it."""
    content_type = f"text/calendar; method={method}; charset=utf-8"
    ask(attachments=[Attachment("invitation.ics", b"BEGIN:VCALENDAR\r\n", content_type, as_alternative=True)])
    deliver_all()
    assert states() == [("accepted", "")]
    (asked,) = api.taken
    found = asked.get("attachment") or asked["Attachments"][0]["ContentType"]
    assert found == content_type
