"""A provider that is down: its door is shut, nothing is lost, and few messages are in doubt where it says nothing."""

from collections import Counter
from collections.abc import Generator
from datetime import timedelta
from typing import Any

import pytest

from core import clock
from mail.models import Attempt, Message
from mail.services import delivery
from tests.factories.mail import ask, deliver_all
from tests.services.mailapi import Api

pytestmark = pytest.mark.django_db
KEYLESS = {"mailgun": "MAILGUN_API_KEY", "postmark": "POSTMARK_SERVER_TOKEN"}
KEYED = {"brevo": "BREVO_API_KEY", "resend": "RESEND_API_KEY"}
# Three groups, more than one of which must not be tried.
MANY = 60


@pytest.fixture
def api(settings) -> Generator[Api]:
    server = Api()
    use(settings, server, "mailgun")
    yield server
    server.stop()


def use(settings, server: Api, name: str) -> None:
    settings.MAIL_PROVIDER = f"anymail.backends.{name}.EmailBackend"
    settings.ANYMAIL = {(KEYLESS | KEYED)[name]: "secret", f"{name.upper()}_API_URL": server.url}


def ask_many(stream: str = "bulk") -> set[str]:
    return {ask(to=f"p{n}@city.example", stream=stream).to_address for n in range(MANY)}


def states() -> Counter[tuple[str, str]]:
    return Counter(Message.objects.values_list("state", "reason"))


def later(time_machine) -> None:
    """Move to when all that was put off by the outage is due."""
    time_machine.move_to(clock.now() + timedelta(seconds=91))


def long(status: int) -> Any:
    """Return a status that is answered like its neighbour, for the long run."""
    return pytest.param(status, marks=pytest.mark.long)


@pytest.mark.parametrize("name", sorted(KEYLESS | KEYED))
@pytest.mark.parametrize("stream", ["transactional", "bulk"])
@pytest.mark.parametrize("status", [503, long(521)])
def test_a_provider_that_says_that_it_did_nothing_puts_all_off_and_costs_nothing(
    api: Api, settings, time_machine, name: str, stream: str, status: int
) -> None:
    use(settings, api, name)
    asked = ask_many(stream)
    api.outage = status
    deliver_all(stream)
    leases = -(-MANY // settings.MAIL_BATCH_SIZES[stream])
    assert (states(), api.requests) == ({("deferred", "unreachable"): MANY}, leases)
    assert set(Attempt.objects.values_list("code", flat=True)) == {status}
    api.outage = 0
    later(time_machine)
    deliver_all(stream)
    assert (states(), Counter(api.addresses)) == ({("accepted", ""): MANY}, Counter(asked))


@pytest.mark.parametrize(("name", "doubtful"), [("mailgun", "unknown"), ("postmark", "unknown"), ("brevo", "deferred")])
@pytest.mark.parametrize("status", [500, long(502), long(504)])
def test_a_provider_that_may_have_done_something_leaves_one_message_of_a_lease_in_doubt(
    api: Api, settings, time_machine, name: str, doubtful: str, status: int
) -> None:
    use(settings, api, name)
    asked = ask_many()
    api.outage = status
    deliver_all("bulk")
    expected = {(doubtful, "no_answer"): 1, ("queued", ""): MANY - 1}
    assert (states(), api.requests) == (expected, 1)
    assert (Attempt.objects.count(), Message.objects.filter(attempts=0, last_reply="").count()) == (1, MANY - 1)
    api.outage = 0
    later(time_machine)
    deliver_all("bulk")
    in_doubt = {("unknown", "no_answer"): 1} if doubtful == "unknown" else {}
    assert states() == {("accepted", ""): MANY - len(in_doubt), **in_doubt}
    assert set(api.addresses) | set(Message.objects.unknown().values_list("to_address", flat=True)) == asked
    assert set(Counter(api.addresses).values()) == {1}


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ("No server is available to handle this request.", "unreachable"),
        (
            "upstream connect error or disconnect/reset before headers. reset reason: connection termination",
            "no_answer",
        ),
        ("Error 503 first byte timeout", "no_answer"),
        ("Error 503 Backend fetch failed", "no_answer"),
    ],
)
def test_a_503_by_which_a_proxy_says_that_it_passed_the_request_on_is_no_answer(
    api: Api, words: str, reason: str
) -> None:
    ask()
    api.outage, api.words = 503, {"message": words}
    delivery.deliver(stream="transactional")
    assert states() == {("deferred", reason): 1}


def test_a_mail_to_one_outlasts_a_day_of_maintenance(api: Api, time_machine) -> None:
    message = ask()
    start = clock.now()
    api.outage = 503
    while clock.now() < start + timedelta(days=1):
        deliver_all()
        message.refresh_from_db()
        assert (message.state, message.reason, message.repeats) == ("deferred", "unreachable", 0)
        time_machine.move_to(message.due_at)
    api.outage = 0
    deliver_all()
    assert (states(), len(api.taken)) == ({("accepted", ""): 1}, 1)


@pytest.mark.parametrize(("status", "calls"), [(0, [40]), (500, []), (503, [])])
def test_nobody_is_called_for_help_before_the_first_group_was_answered(
    api: Api, settings, status: int, calls: list[int]
) -> None:
    settings.MAIL_BATCH_SIZES = {**settings.MAIL_BATCH_SIZES, "bulk": 40}
    ask_many()
    api.outage = status
    waiting: list[int] = []

    def called() -> None:
        # Ringing may take seconds: what was answered is written down, and nothing is on the wire.
        assert not Message.objects.filter(state="started").exists()
        waiting.append(Message.objects.exclude(state="accepted").count())

    delivery.deliver(stream="bulk", ring=called)
    assert waiting == calls
