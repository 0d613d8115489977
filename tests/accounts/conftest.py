"""What tests about accounts share."""

import re
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from mail.models import Message


@dataclass(frozen=True)
class Mail:
    """A row of the outbox, and the code in it if there is one."""

    message: Message

    @property
    def code(self) -> str:
        """The code that stands alone on a line of the text."""
        found = re.search(r"^    ([A-Z0-9-]{6,12})$", self.message.text, re.MULTILINE)
        assert found, self.message.text
        return found[1]

    def summary(self) -> tuple[str, str, str]:
        """Return to whom, in which language, about what."""
        return self.message.to_address, self.message.language, self.message.subject


@pytest.fixture
def mails() -> Callable[[], list[Mail]]:
    """The mails in the outbox, the oldest first."""
    return lambda: [Mail(message) for message in Message.objects.order_by("id")]
