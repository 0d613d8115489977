"""Mail through a provider: real requests to a small server that speaks its API; same ledger, same states."""

import base64
import json
import ssl
import time
import uuid
from collections.abc import Generator
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from django.test import Client

from core import clock
from core.personal import Subject
from mail.kinds import Attachment
from mail.models import Message, Report, Suppression, SuppressionChange
from mail.services import delivery, suppressed
from mail.services.erasing import erase_messages
from tests.factories.mail import ask, deliver_all
from tests.factories.notices import SECRET, notice
from tests.services.mailapi import Api

pytestmark = pytest.mark.django_db


@pytest.fixture(params=["brevo", "resend"])
def api(request: pytest.FixtureRequest, settings) -> Generator[Api]:
    """Each provider in turn."""
    server = Api()
    name = request.param
    settings.MAIL_PROVIDER = f"anymail.backends.{name}.EmailBackend"
    settings.ANYMAIL = {f"{name.upper()}_API_KEY": "secret", f"{name.upper()}_API_URL": server.url}
    yield server
    server.stop()


each_stream = pytest.mark.parametrize("stream", ["transactional", "bulk"])


def states() -> list[tuple[str, str]]:
    return list(Message.objects.order_by("id").values_list("state", "reason"))


@each_stream
def test_a_message_leaves_through_the_provider_with_our_key(api: Api, stream: str, settings) -> None:
    settings.MAIL_SENDERS = {"bulk": "News <news@gkec.example>"}
    messages = [ask(to=f"p{n}@city.example", to_name="Zoë, <b>", stream=stream) for n in range(3)]
    deliver_all(stream)
    assert states() == [("accepted", "")] * 3
    assert sorted(api.addresses) == [f"p{n}@city.example" for n in range(3)]
    first = next(one for one in api.taken if one["address"] == "p0@city.example")
    name = messages[0].message_id.strip("<>")
    # Brevo wants a UUID: the same for the same message, as Resend's key is.
    wanted = str(uuid.uuid5(uuid.NAMESPACE_URL, f"mid:{name}")) if "brevo" in settings.MAIL_PROVIDER else name
    assert first["key"] == wanted
    assert first["subject"] == "A subject"
    assert "The text." in json.dumps(first)
    assert ("news@gkec.example" in json.dumps(first)) is (stream == "bulk")
    assert set(Message.objects.values_list("last_reply", flat=True)) <= {"queued 1", "queued <1@api>"}


@pytest.mark.parametrize("method", ["REQUEST", "CANCEL"])
def test_an_invitation_keeps_its_method_where_the_provider_takes_it(api: Api, settings, method: str) -> None:
    content_type = f"text/calendar; method={method}; charset=utf-8"
    entry = f"BEGIN:VCALENDAR\r\nMETHOD:{method}\r\nEND:VCALENDAR\r\n"
    ask(attachments=[Attachment("invitation.ics", entry.encode(), content_type, as_alternative=True)])
    deliver_all()
    assert states() == [("accepted", "")]
    (asked,) = api.taken
    (file,) = asked.get("attachments") or asked["attachment"]
    assert base64.b64decode(file["content"]).decode() == entry
    if "brevo" in settings.MAIL_PROVIDER:
        # It makes a type from the name.
        assert file == {"name": "invitation.ics", "content": file["content"]}
    else:
        assert (file["filename"], file["content_type"]) == ("invitation.ics", content_type)


@each_stream
@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (400, ("failed", "refused")),
        (422, ("failed", "refused")),
        (401, ("deferred", "unreachable")),
        (404, ("deferred", "unreachable")),
        (429, ("deferred", "unreachable")),
    ],
)
def test_an_answer_of_the_provider_is_told_apart(api: Api, stream: str, answer: int, expected: tuple) -> None:
    ask(to="odd@city.example", stream=stream, due_at=clock.now())
    api.answers = {"odd@city.example": [answer]}
    deliver_all(stream)
    assert states() == [expected]
    assert api.taken == []


@each_stream
@pytest.mark.parametrize("answer", ["hang up", 500])
def test_a_request_without_an_answer_is_repeated_once_under_its_key_and_sent_once(
    api: Api, stream: str, answer: int | str, time_machine
) -> None:
    message = ask(to="odd@city.example", stream=stream)
    api.answers = {"odd@city.example": [answer]}
    deliver_all(stream)
    assert states() == [("deferred", "no_answer")]
    message.refresh_from_db()
    time_machine.move_to(message.due_at)
    deliver_all(stream)
    assert states() == [("accepted", "")]
    assert (api.requests, api.addresses) == (2, ["odd@city.example"])


KNOWN_FOR = {"brevo": timedelta(minutes=10), "resend": timedelta(hours=20)}


def unanswered(api: Api, settings) -> tuple[Message, timedelta]:
    """Ask for a bulk mail whose first request the provider takes without an answer; return it, and the key's time."""
    message = ask(to="odd@city.example", stream="bulk")
    api.answers = {"odd@city.example": [500]}
    deliver_all("bulk")
    assert (states(), api.requests) == ([("deferred", "no_answer")], 1)
    message.refresh_from_db()
    return message, KNOWN_FOR[settings.MAIL_PROVIDER.split(".")[2]]


def test_a_repeat_is_due_well_before_the_provider_forgets_the_key(api: Api, settings) -> None:
    settings.MAIL_RETRIES = dict.fromkeys(settings.MAIL_RETRIES, (1e6, 1e6))
    settings.MAIL_RETRY_LONGEST_SECONDS = 1e6
    message, known_for = unanswered(api, settings)
    assert message.due_at < message.started_at + known_for * 0.6


@pytest.mark.parametrize(("early", "expected", "requests"), [(True, "accepted", 2), (False, "unknown", 1)])
def test_a_repeat_that_comes_when_the_key_is_forgotten_is_not_made(
    api: Api, settings, time_machine, early: bool, expected: str, requests: int
) -> None:
    message, known_for = unanswered(api, settings)
    time_machine.move_to(message.started_at + known_for + timedelta(seconds=-20 if early else 1))
    deliver_all("bulk")
    assert (states()[0][0], api.requests) == (expected, requests)


def test_the_time_of_the_key_runs_from_the_first_request_though_the_repeat_was_begun_and_given_back(
    api: Api, settings, time_machine
) -> None:
    message, known_for = unanswered(api, settings)
    time_machine.move_to(message.started_at + known_for + timedelta(seconds=1))
    Message.objects.update(state="queued", reason="", started_at=clock.now())
    deliver_all("bulk")
    assert (states(), api.requests) == ([("unknown", "no_answer")], 1)


def test_a_repeat_that_the_provider_puts_off_is_not_made_later(api: Api, settings, time_machine) -> None:
    message, _known_for = unanswered(api, settings)
    api.answers = {"odd@city.example": [429]}
    time_machine.move_to(message.due_at)
    deliver_all("bulk")
    assert (states(), api.requests) == ([("unknown", "no_answer")], 2)


def test_a_repeat_is_not_made_on_a_road_that_knows_no_key(api: Api, settings, time_machine, mail_server) -> None:
    message, _known_for = unanswered(api, settings)
    settings.MAIL_PROVIDER = ""
    time_machine.move_to(message.due_at)
    deliver_all("bulk")
    assert (states(), mail_server.recipients()) == ([("unknown", "no_answer")], {})


@pytest.mark.parametrize("address", ["http://127.0.0.1:1/", "http://api.provider.invalid/"])
def test_a_provider_that_nobody_answers_for_is_unreachable(settings, address: str) -> None:
    settings.MAIL_PROVIDER = "anymail.backends.brevo.EmailBackend"
    settings.ANYMAIL = {"BREVO_API_KEY": "k", "BREVO_API_URL": address}
    messages = [ask(stream="bulk") for _n in range(3)]
    started = time.monotonic()
    deliver_all("bulk")
    assert time.monotonic() - started < 5
    assert states() == [("deferred", "unreachable")] * len(messages)


def certificate(folder: Path) -> Path:
    """Write a certificate that nobody has vouched for, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = clock.now()
    built = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    built = built.serial_number(1).not_valid_before(now).not_valid_after(now + timedelta(days=1))
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = folder / "certificate.pem"
    path.write_bytes(private + built.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    return path


def test_nothing_is_told_to_a_provider_whose_certificate_is_not_to_be_trusted(api: Api, settings, tmp_path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate(tmp_path))
    api.server.socket = context.wrap_socket(api.server.socket, server_side=True)
    settings.ANYMAIL = {name: value.replace("http:", "https:") for name, value in settings.ANYMAIL.items()}
    ask(stream="bulk")
    deliver_all("bulk")
    assert (states(), api.requests) == ([("deferred", "unreachable")], 0)


@pytest.mark.parametrize("bundle", [None, "", "no certificate"])
def test_certificates_of_our_own_that_cannot_be_read_let_all_wait(
    api: Api, settings, tmp_path, monkeypatch, bundle: str | None
) -> None:
    path = tmp_path / "bundle.pem"
    if bundle is not None:
        path.write_text(bundle)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(path))
    settings.ANYMAIL = {name: value.replace("http:", "https:") for name, value in settings.ANYMAIL.items()}
    messages = [ask(stream="bulk") for _n in range(25)]
    deliver_all("bulk")
    assert (states(), api.requests) == ([("deferred", "unreachable")] * len(messages), 0)


@pytest.mark.parametrize(
    "address", ["api.provider.example/", "ftp://api.provider.example/", "https://*.provider.example/"]
)
def test_an_address_that_is_none_lets_all_wait(api: Api, settings, address: str) -> None:
    settings.ANYMAIL = {name: address if value == api.url else value for name, value in settings.ANYMAIL.items()}
    messages = [ask(stream="bulk") for _n in range(25)]
    deliver_all("bulk")
    assert states() == [("deferred", "unreachable")] * len(messages)


@pytest.mark.parametrize(
    ("seconds", "expected", "requests"),
    [
        (1.5, [("deferred", "no_answer"), ("queued", ""), ("queued", "")], 1),
        (0.6, [("accepted", ""), ("accepted", ""), ("queued", "")], 2),
    ],
)
def test_a_slow_provider_holds_a_group_no_longer_than_a_hand_over_may_last(
    api: Api, settings, seconds: float, expected: list, requests: int
) -> None:
    settings.MAIL_HANDOVER_SECONDS = 2
    api.seconds = seconds
    for _n in range(3):
        ask(stream="bulk")
    started = time.monotonic()
    delivery.deliver(stream="bulk")
    assert time.monotonic() - started < settings.MAIL_HANDOVER_SECONDS
    assert (states(), api.requests) == (expected, requests)


@pytest.mark.parametrize(
    ("event", "what", "reason"),
    [
        ("hard_bounce", "bounced", "bounced"),
        ("spam", "complained", "complained"),
        ("unsubscribe", "unsubscribed", "asked"),
    ],
)
def test_what_the_provider_tells_later_is_kept_once_and_acted_upon(
    client: Client, settings, event: str, what: str, reason: str
) -> None:
    settings.ANYMAIL = {"WEBHOOK_SECRET": SECRET}
    message = ask(to="ana@city.example", stream="bulk")
    custom = json.dumps({"outbox": message.message_id.strip("<>")})
    for _n in range(2):
        assert notice(client, event=event, **{"X-Mailin-custom": custom}) == 200
    assert list(Report.objects.values_list("message", "what")) == [(message.pk, what)]
    assert list(Suppression.objects.values_list("address", "reason")) == [("Ana@City.example", reason)]
    message.refresh_from_db()
    assert message.state == "queued"


@pytest.mark.parametrize(
    ("event", "reason", "what"),
    [
        ("soft_bounce", "452 4.2.2 mailbox full", "rejected"),
        ("soft_bounce", "try again", "rejected"),
        ("hard_bounce", "552 5.2.2 over quota", "rejected"),
        ("hard_bounce", "smtp; 550-5.7.1 [192.5.1.1] blocked", "rejected"),
        ("hard_bounce", "smtp; 550 5.1.1 <ana@city.example> unknown", "bounced"),
        ("soft_bounce", "550 5.1.1 unknown", "bounced"),
        ("hard_bounce", "no such user at 192.5.2.2", "bounced"),
        ("invalid_email", "", "bounced"),
    ],
)
def test_a_mailbox_that_only_takes_no_mail_for_now_is_not_left_alone_for_months(
    client: Client, settings, event: str, reason: str, what: str
) -> None:
    settings.ANYMAIL = {"WEBHOOK_SECRET": SECRET}
    message = ask(to="ana@city.example")
    custom = json.dumps({"outbox": message.message_id.strip("<>")})
    assert notice(client, event=event, reason=reason, **{"X-Mailin-custom": custom}) == 200
    assert list(Report.objects.values_list("what", flat=True)) == [what]
    stopped = {message.to_address} if what == "bounced" else set()
    assert suppressed(addresses=[message.to_address], stream="transactional") == stopped


@pytest.mark.parametrize("event", ["hard_bounce", "spam", "unsubscribe"])
def test_what_is_told_of_somebody_erased_since_stops_mail_and_names_nobody(
    client: Client, settings, event: str
) -> None:
    settings.ANYMAIL = {"WEBHOOK_SECRET": SECRET}
    message = ask(to="ana@city.example", stream="bulk")
    erase_messages(subject=Subject(None, ("ana@city.example",)))
    custom = json.dumps({"outbox": message.message_id.strip("<>")})
    assert notice(client, event=event, reason="550 5.1.1 <ana@city.example>", **{"X-Mailin-custom": custom}) == 200
    assert suppressed(addresses=["ana@city.example"], stream="bulk") == {"ana@city.example"}
    assert (Suppression.objects.get().address, Suppression.objects.get().note) == ("", "")
    assert SuppressionChange.objects.get().note == ""


def test_a_stranger_cannot_report_anybody(client: Client, settings) -> None:
    assert notice(client) == 404
    settings.ANYMAIL = {"WEBHOOK_SECRET": "gkec:another"}
    assert notice(client) == 400
    assert client.post("/mail/reports/nobody/", "{}", content_type="application/json").status_code == 404
    assert not Suppression.objects.exists()


def test_opening_and_clicking_are_not_kept(client: Client, settings) -> None:
    settings.ANYMAIL = {"WEBHOOK_SECRET": SECRET}
    assert notice(client, event="opened") == 200
    assert not Report.objects.exists()
    assert not Suppression.objects.exists()
