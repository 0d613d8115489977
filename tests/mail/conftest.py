"""What tests of the outbox share."""

from collections.abc import Generator

import pytest

from mail import kinds
from mail.kinds import MailKind, NoLongerMakesSense, Rendering
from mail.models import Message


@pytest.fixture
def notice() -> Generator[str]:
    """A kind that writes from an id: 0 makes no sense any more, 13 is a fault in the program."""

    def render(message: Message) -> Rendering:
        number = message.params["number"]
        if number == 0:
            raise NoLongerMakesSense("Number 0 is gone.")
        if number == 13:
            raise ZeroDivisionError
        return Rendering(
            subject=f"Number {number} in {message.language}",
            template="mail/notice",
            context={"paragraphs": [f"Hello <b>{message.to_name}</b> & co"], "reason": "You asked."},
        )

    kinds.register(MailKind("test-notice", render, "Test notice"))
    yield "test-notice"
    kinds._registered.pop("test-notice")
