"""Each backend that django-anymail brings can carry our mail; a fault of ours waits and is never the recipient's."""

import pkgutil
from email.utils import formataddr
from importlib import import_module
from typing import Any

import anymail.backends
import pytest
from anymail.backends.base import AnymailBaseBackend
from anymail.exceptions import AnymailConfigurationError, AnymailSerializationError, AnymailUnsupportedFeature
from django.core.mail import EmailMultiAlternatives

from core import clock
from mail import diagnoses
from mail.enums import Outcome
from mail.kinds import Attachment
from mail.mime import Content, Envelope
from mail.models import Message
from mail.provider import Provider
from mail.transport import Letter
from tests.factories.mail import ask, deliver_all

# "test" and "console" send nothing; the others of these are former names of what is there already.
NO_PROVIDERS = {"base", "base_requests", "console", "sendinblue", "test"}
NAMES = sorted(one.name for one in pkgutil.iter_modules(anymail.backends.__path__) if one.name not in NO_PROVIDERS)
# Whatever any of them asks for before it can be used.
ANYMAIL = {
    **dict.fromkeys(("API_KEY", "API_TOKEN", "SECRET_KEY", "SERVER_TOKEN", "PROJECT_ID"), "secret"),
    "API_URL": "http://127.0.0.1:1/",
}
CALENDAR = Attachment("invitation.ics", b"BEGIN:VCALENDAR\r\n", "text/calendar; method=REQUEST; charset=utf-8", True)
LETTER = Letter(
    sender="news@gkec.example",
    recipient="zoe@city.example",
    data=b"",
    envelope=Envelope(
        sender=("GKEC\u200f", "news@gkec.example"),
        to=("Zoë,\r\n \u202e<b>", "zoe@city.example"),
        message_id="<abc@gkec.example>",
        language="fr",
        date=clock.now(),
        reply_to="team@gkec.example",
        unsubscribe_url="https://gkec.example/u/abc/",
    ),
    # A title stands in an isolate there; the other turns around what follows it.
    content=Content(
        "\u2068Été\u2069 \u202eà\tParis\x07",
        "Bonjour\n",
        "<p>Bonjour</p>",
        (CALENDAR, Attachment("a.pdf", b"%PDF", "application/pdf")),
    ),
)


def path(name: str) -> str:
    return f"anymail.backends.{name}.EmailBackend"


def configured(settings, name: str) -> Provider:
    settings.ANYMAIL = {f"{name.upper()}_{key}": value for key, value in ANYMAIL.items()}
    return Provider(path(name), seconds=60)


@pytest.mark.filterwarnings("ignore:django-anymail has dropped official support")
@pytest.mark.parametrize("name", NAMES)
def test_a_letter_with_all_that_we_ever_send_fits_into_every_provider(
    settings, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    built: list[tuple[Any, EmailMultiAlternatives]] = []

    def post(self: AnymailBaseBackend, payload: Any, message: EmailMultiAlternatives) -> None:
        if hasattr(payload, "serialize_data"):
            payload.serialize_data()
        built.append((payload, message))
        raise AnymailUnsupportedFeature("as far as this")

    monkeypatch.setattr(import_module(f"anymail.backends.{name}").EmailBackend, "post_to_esp", post)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    road = configured(settings, name)
    with road:
        road.connect()
        [answer] = road.hand_over([LETTER])
    assert answer.reply == "as far as this"
    [(_payload, message)] = built
    assert message.subject == "Été à Paris"
    assert (message.from_email, message.to) == (
        "GKEC <news@gkec.example>",
        [formataddr(("Zoë, <b>", "zoe@city.example"))],
    )
    # Brevo reads its own key of the request among them.
    assert {name: value for name, value in message.extra_headers.items() if name != "idempotencyKey"} == {
        "Message-ID": "<abc@gkec.example>",
        "List-Unsubscribe": "<https://gkec.example/u/abc/>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "Content-Language": "fr",
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "OOF, AutoReply",
    }
    carries = name not in {"mailersend", "postal"}
    assert getattr(message, "metadata", None) == ({"outbox": "abc@gkec.example"} if carries else None)


@pytest.mark.parametrize("problem", [AnymailUnsupportedFeature, AnymailSerializationError])
@pytest.mark.django_db
def test_what_a_provider_has_no_place_for_waits_alone_and_is_told_as_a_fault_of_ours(
    settings, monkeypatch: pytest.MonkeyPatch, problem: type[Exception]
) -> None:
    settings.MAIL_PROVIDER = path("postal")
    settings.ANYMAIL = {"POSTAL_API_KEY": "k", "POSTAL_API_URL": "http://127.0.0.1:1/"}

    def send(self: AnymailBaseBackend, messages: list[EmailMultiAlternatives]) -> int:
        if "odd" in messages[0].to[0]:
            raise problem("Postal does not support this")
        return 1

    monkeypatch.setattr(AnymailBaseBackend, "send_messages", send)
    ask(to="odd@city.example", stream="bulk")
    ask(to="even@city.example", stream="bulk")
    deliver_all("bulk")
    assert list(Message.objects.order_by("id").values_list("state", "reason")) == [
        ("deferred", "unrenderable"),
        ("accepted", ""),
    ]
    [finding] = diagnoses.faults()
    assert finding.sentence.endswith("cannot be written (\u2068Postal does not support this\u2069); 1 waits.")


@pytest.mark.parametrize(
    ("problem", "expected"),
    [
        (RuntimeError("of its own"), ("unknown", "no_answer")),
        (KeyError("id"), ("unknown", "no_answer")),
        (ConnectionResetError("reset by peer"), ("unknown", "no_answer")),
        (TimeoutError("timed out"), ("unknown", "no_answer")),
        (PermissionError("certificates"), ("deferred", "unreachable")),
        (UnicodeEncodeError("latin-1", "k…", 1, 2, "no such letter"), ("deferred", "unreachable")),
    ],
)
@pytest.mark.django_db
def test_a_failure_that_nobody_expects_costs_no_neighbour_its_answer(
    settings, monkeypatch: pytest.MonkeyPatch, caplog, problem: Exception, expected: tuple[str, str]
) -> None:
    settings.MAIL_PROVIDER = path("postal")
    settings.ANYMAIL = {"POSTAL_API_KEY": "k", "POSTAL_API_URL": "http://127.0.0.1:1/"}

    def send(self: AnymailBaseBackend, messages: list[EmailMultiAlternatives]) -> int:
        if "odd" in messages[0].to[0]:
            raise problem
        return 1

    monkeypatch.setattr(AnymailBaseBackend, "send_messages", send)
    for name in ("a", "odd", "c", "d"):
        ask(to=f"{name}@city.example", stream="bulk")
    deliver_all("bulk")
    assert list(Message.objects.order_by("id").values_list("state", "reason")) == [
        ("accepted", ""),
        expected,
        *[("deferred", "unreachable") if expected[1] == "unreachable" else ("queued", "")] * 2,
    ]
    assert "in a way of its own" in caplog.text


@pytest.mark.parametrize("settings_of_it", [{}, {"BREVO_API_KEY": "k", "IDNA_ENCODER": "nowhere.at.all"}])
@pytest.mark.django_db
def test_a_provider_that_is_set_up_wrongly_lets_all_wait_and_says_so(settings, settings_of_it: dict) -> None:
    settings.MAIL_PROVIDER = path("brevo")
    settings.ANYMAIL = settings_of_it
    ask()
    deliver_all()
    message = Message.objects.get()
    assert (message.state, message.reason, message.attempts) == ("deferred", "unreachable", 0)
    assert "BREVO_API_KEY" in message.last_reply or "IDNA_ENCODER" in message.last_reply
    [finding] = diagnoses.server()
    assert finding.advice == (
        "Mend MAIL_PROVIDER or the ANYMAIL settings and restart the workers; all that waits then leaves by itself."
    )


def test_a_setting_that_turns_out_wrong_only_when_something_is_sent_lets_all_wait(
    settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def send(self: AnymailBaseBackend, messages: list[EmailMultiAlternatives]) -> int:
        raise AnymailConfigurationError("No domain.")

    monkeypatch.setattr(AnymailBaseBackend, "send_messages", send)
    [answer] = configured(settings, "postal").hand_over([LETTER])
    assert (answer.outcome, answer.reply) == (Outcome.UNREACHABLE, "No domain.")


def test_a_file_whose_type_could_break_out_of_its_header_is_a_fault_of_ours(settings) -> None:
    content = Content("A", "B", "", (Attachment("a.txt", b"x", "text/plain\r\nBcc: x@y.example"),))
    letter = Letter("a@gkec.example", "b@city.example", b"", LETTER.envelope, content)
    [answer] = configured(settings, "postal").hand_over([letter])
    assert answer.outcome is Outcome.UNWRITABLE
