"""What logs and Sentry tell, and what they never do: addresses, signed links, cookies, passwords."""

import io
import json
import logging
import re
from collections.abc import Generator, Iterator
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
import sentry_sdk
from django.db import IntegrityError, connection, transaction
from django.test import Client, RequestFactory
from django.urls import URLResolver, get_resolver
from gunicorn.config import Config
from sentry_sdk.transport import Transport

from core import logs, requestid, taskwatch
from core.redaction import redact, redact_all
from gkec import environment as env
from gkec import sentry
from gkec.gunicornlog import RedactingLogger
from mail import doorbell

TOKEN = "eyJhbGciOi.Zx8_-abcdefgh"


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        ("550 <ana.silva+x@city.example.org> unknown", "550 <[address]> unknown"),
        ("GET /admin/outbox/?q=ana%40city.example&p=2", "GET /admin/outbox/?q=[secret]&p=2"),
        ("user=ana%40city.example", "user=[address]"),
        ("Zoë <zoë@stadt.example>", "Zoë <[address]>"),
        (f"GET /join/{TOKEN}/ 200", "GET /join/[secret]/ 200"),
        (f"GET /learn/{TOKEN}/ 200", "GET /learn/[secret]/ 200"),
        (f"https://gkec.example/registration/{TOKEN}/cancel/", "https://gkec.example/registration/[secret]/cancel/"),
        (f"/fr/account/password/reset/key/{TOKEN}/", "/fr/account/password/reset/key/[secret]/"),
        ("/admin/registrations/17/", "/admin/registrations/17/"),
        ("/en/events/heat-pumps/register/", "/en/events/heat-pumps/register/"),
        ("?token=abc&page=3", "?token=[secret]&page=3"),
        ("Cookie: sessionid=1; csrftoken=2\nnext", "Cookie: [secret]\nnext"),
        ("saw sessionid=abc123; done", "saw sessionid=[secret]; done"),
        ("'Authorization': 'Bearer abc'", "'Authorization': [secret]"),
        ("sent bearer abc.def-1", "sent bearer [secret]"),
        ("password='let me in', name=x", "password=[secret], name=x"),
        ("redis://robot:pw@cache.example:6379/0", "redis://[secret]@cache.example:6379/0"),
        ("celery@worker-1 ready.", "celery@worker-1 ready."),
        (
            'violates check constraint "x"\nDETAIL:  Failing row contains (1, Ana Silva,\n\nI am (Ana), Porto).',
            'violates check constraint "x"\nDETAIL: [row]',
        ),
        (
            "duplicate key\nDETAIL:  Key (name)=(Ana) already exists.\nHINT:  Look.\nCONTEXT:  unnamed, $1 = 'Ana'",
            "duplicate key\nDETAIL: [row]\nHINT:  Look.\nCONTEXT: [row]",
        ),
        ("syntax error\nLINE 1: SELECT 'Ana'\n               ^", "syntax error\nLINE 1: [row]"),
        (
            "UniqueViolation('duplicate\\nDETAIL:  Key (name)=(Ana) exists.')",
            "UniqueViolation('duplicate\\nDETAIL: [row]",
        ),
        ("In detail: the line 3 is long.", "In detail: the line 3 is long."),
    ],
)
def test_what_names_a_person_or_opens_a_door_is_taken_out(text: str, redacted: str) -> None:
    assert redact(text) == redacted


def routes(patterns: list[Any], before: str = "") -> Iterator[str]:
    for one in patterns:
        if isinstance(one, URLResolver):
            yield from routes(one.url_patterns, before + str(one.pattern))
        else:
            yield before + str(one.pattern)


def test_every_address_that_opens_a_door_is_taken_out() -> None:
    # Keys of drawings and of events are on public pages; what the demonstration shows is open to whoever tries it.
    beside = ("admin/", "covers/", "dev/", "en/events/<uuid:key>/")
    named = re.compile(r"<(?:\w+:)?(?:token|key)>|\(\?P<(?:token|key)>[^)]*\)")
    doors = [one for one in routes(get_resolver().url_patterns) if named.search(one) and not one.startswith(beside)]
    assert "erase/<str:token>/" in doors
    assert [one for one in doors if TOKEN in redact("/" + named.sub(TOKEN, one))] == []


def test_no_text_makes_redaction_slow() -> None:
    import time

    started = time.perf_counter()
    for text in (
        "DETAIL: " * 20_000,
        "LINE 1: x\n\n" * 10_000,
        "a" * 50_000 + "@",
        "a@" + "b." * 20_000,
        "/join/" * 10_000,
        "password=" * 5_000,
    ):
        redact(text)
    assert time.perf_counter() - started < 2


def test_values_of_secret_keys_go_however_deep() -> None:
    given = {"a": [{"HTTP_COOKIE": "x", "n": 1}], "ana@city.example": ("bo@city.example",), "X-CSRFToken": 2}
    assert redact_all(given) == {
        "a": [{"HTTP_COOKIE": "[secret]", "n": 1}],
        "[address]": ["[address]"],
        "X-CSRFToken": "[secret]",
    }


def written(name: str, *args: Any, **kwargs: Any) -> str:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logs.formatter(name))
    logger = logging.getLogger("gkec.test")
    logger.addHandler(handler)
    try:
        logger.error(*args, **kwargs)
    finally:
        logger.removeHandler(handler)
    return stream.getvalue()


def refuse(address: str) -> None:
    raise ValueError(f"{address} is no address, see /join/{TOKEN}/")


@pytest.mark.parametrize("name", ["line", "json"])
def test_neither_message_nor_exception_names_a_person(name: str) -> None:
    try:
        refuse("ana@city.example")
    except ValueError:
        said = written(name, "Mail to %s", "bo@city.example", exc_info=True)
    assert "city.example" not in said
    assert TOKEN not in said
    assert "[address] is no address, see /join/[secret]/" in said
    assert "def refuse" not in said


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["line", "json"])
def test_a_row_that_the_database_refuses_is_not_told(name: str) -> None:
    values = ["Ana Silva\n\nmayor of Porto"]
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("CREATE TEMPORARY TABLE answer (name text CHECK (name = '')) ON COMMIT DROP")
            cursor.execute("INSERT INTO answer VALUES (%s)", values)
    except IntegrityError:
        said = written(name, "Not kept.", exc_info=True)
    said = json.loads(said)["exc_info"] if name == "json" else said
    assert 'violates check constraint "answer_name_check"' in said
    assert "The above exception was the direct cause" in said
    assert not re.search("Ana|Silva|mayor|Porto", said)


def test_json_is_one_object_a_line_with_the_requests_id() -> None:
    with requestid.during("abcdef123456"):
        said = written("json", "Mail\nto %s", "bo@city.example", extra={"campaign": 7})
    assert said.count("\n") == 1
    told = json.loads(said)
    assert told.pop("time")
    assert told == {
        "level": "ERROR",
        "logger": "gkec.test",
        "message": "Mail\nto [address]",
        "campaign": 7,
        "request_id": "abcdef123456",
    }


def test_what_is_no_text_becomes_redacted_text() -> None:
    request = RequestFactory().get(f"/join/{TOKEN}/?q=ana@city.example")
    said = written("json", "Not Found", extra={"request": request, "status_code": 404, "seconds": 0.5, "was": None})
    assert "city.example" not in said
    assert TOKEN not in said
    told = json.loads(said)
    assert told["request"] == "<WSGIRequest: GET '/join/[secret]/?q=[secret]'>"
    assert (told["status_code"], told["seconds"], told["was"]) == (404, 0.5, None)
    assert "T" in told["time"]


def test_a_readable_line_has_the_id_too() -> None:
    with requestid.during("abcdef123456"):
        assert written("line", "Hello").endswith(" ERROR gkec.test [abcdef123456] Hello\n")
    assert written("line", "Hello").endswith(" ERROR gkec.test [-] Hello\n")


@pytest.mark.parametrize(
    ("given", "is_kept"),
    [("proxy-id-12345678", True), ("short", False), ("x" * 65, False), ("a b\r\nforged line", False), ("", False)],
)
def test_a_request_has_an_id_that_nobody_can_forge_lines_with(client: Client, given: str, is_kept: bool) -> None:
    answered = client.get("/healthz", headers={"x-request-id": given})["X-Request-ID"]
    assert (answered == given) is is_kept
    assert is_kept or len(answered) == 32
    assert requestid.current() == ""


def test_a_task_carries_on_the_id_of_the_request_that_asked_for_it() -> None:
    headers: dict[str, Any] = {}
    with requestid.during("abcdef123456"):
        taskwatch._take_along(headers=headers)
    task = SimpleNamespace(name="a.task", request=SimpleNamespace(headers=headers))
    taskwatch._begin(task_id="1", task=task)
    assert requestid.current() == "abcdef123456"
    taskwatch._end(task_id="1", task=task, state="SUCCESS")
    assert requestid.current() == ""


def test_a_task_that_no_request_asked_for_goes_by_its_own_id() -> None:
    task = SimpleNamespace(name="a.task", request=SimpleNamespace(headers=None))
    taskwatch._begin(task_id="own", task=task)
    assert requestid.current() == "own"
    taskwatch._end(task_id="own", task=task)


def test_a_task_sent_to_the_broker_really_carries_the_id(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[dict] = []
    from celery import signals

    def listen(headers: dict | None = None, **kwargs: Any) -> None:
        sent.append(dict(headers or {}))

    signals.before_task_publish.connect(listen, weak=False)
    try:
        with requestid.during("abcdef123456"):
            doorbell.ring_now("bulk")
    finally:
        signals.before_task_publish.disconnect(listen)
    assert [one[requestid.TASK_HEADER] for one in sent] == ["abcdef123456"]


def asked_for(address: str) -> dict[str, Any]:
    """Return the environ of a request as gunicorn makes it, after Django has read it."""
    return RequestFactory().get(address).environ | {"RAW_URI": address}


def test_an_access_line_tells_neither_who_asked_nor_with_which_token(capsys: pytest.CaptureFixture) -> None:
    config = Config()
    config.set("accesslog", "-")
    logger = RedactingLogger(config)
    response = SimpleNamespace(status="200 OK", sent=42, headers=[("X-Request-ID", "abcdef123456")])
    environ = {
        **asked_for(f"/join/{TOKEN}/?q=ana"),
        "REMOTE_ADDR": "203.0.113.7",
        "HTTP_USER_AGENT": "Firefox of Ana",
        "HTTP_REFERER": "https://mail.example/ana@city.example",
    }
    logger.access(response, SimpleNamespace(), environ, timedelta(milliseconds=12.5))
    said = capsys.readouterr().out
    assert said.endswith(" INFO gunicorn.access [abcdef123456] GET /join/[secret]/ 200 42 12.5 ms\n")
    logger.error("Error handling request /join/%s/ of ana@city.example", TOKEN)
    assert "Error handling request /join/[secret]/ of [address]" in capsys.readouterr().err


def test_no_address_forges_an_access_line(capsys: pytest.CaptureFixture) -> None:
    config = Config()
    config.set("accesslog", "-")
    logger = RedactingLogger(config)
    response = SimpleNamespace(status="404 Not Found", sent=9, headers=[])
    for path in ("/x%0A2026-11-22%20INFO%20[-]%20GET%20/forged", "/x%0Dforged", "/%E2%80%A8forged"):
        logger.access(response, SimpleNamespace(), asked_for(path), timedelta())
    first, second, third = capsys.readouterr().out.splitlines()
    assert "GET /x%0A2026-11-22%20INFO%20%5B-%5D%20GET%20/forged 404 9 0.0 ms" in first
    assert "GET /x%0Dforged 404" in second
    assert "GET /%E2%80%A8forged 404" in third
    # An encoded letter names the same door.
    logger.access(response, SimpleNamespace(), asked_for(f"/j%6Fin/{TOKEN}/"), timedelta())
    assert "GET /join/[secret]/ 404" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: env.choice("X", among=("line", "json"), default="line"), "X is 'short': it must be line or json."),
        (
            lambda: env.optional_secret("X", minimum=32),
            "X is too short: it needs at least 32 random characters.",
        ),
        (
            lambda: env.sentry_dsn("X"),
            "X is malformed: it must be an address such as https://key@sentry.example/7.",
        ),
    ],
)
def test_a_malformed_setting_stops_the_start_with_one_sentence(
    monkeypatch: pytest.MonkeyPatch, call: Any, sentence: str
) -> None:
    monkeypatch.setenv("X", "short")
    with pytest.raises(env.ConfigurationProblem) as stopped:
        call()
    assert stopped.value.sentence == sentence
    monkeypatch.setenv("X", "")
    assert call() in {"line", ""}


class Kept(Transport):
    """Keeps what would be sent."""

    def __init__(self) -> None:
        super().__init__()
        self.events: list[dict] = []

    def capture_envelope(self, envelope: Any) -> None:
        self.events += [item.payload.json for item in envelope.items if item.type == "event"]


@pytest.fixture
def reported() -> Generator[list[dict]]:
    kept = Kept()
    assert sentry.start("https://key@sentry.example/7", transport=kept, default_integrations=False)
    yield kept.events
    sentry_sdk.get_client().close()
    sentry_sdk.init(dsn=None, default_integrations=False)


def test_nothing_is_reported_without_a_project() -> None:
    assert not sentry.start("")


def test_sentry_learns_what_broke_and_not_whose_data_it_was_about(reported: list[dict]) -> None:
    sentry_sdk.set_user({"email": "ana@city.example", "ip_address": "203.0.113.7"})
    sentry_sdk.add_breadcrumb(category="query", message="SELECT 'ana'")
    sentry_sdk.add_breadcrumb(category="http", message=f"GET /join/{TOKEN}/")
    try:
        refuse("ana@city.example")
    except ValueError as problem:
        with requestid.during("abcdef123456"):
            sentry_sdk.capture_exception(problem)
    (event,) = reported
    told = json.dumps(event)
    for secret in ("city.example", "203.0.113.7", TOKEN, "SELECT"):
        assert secret not in told
    assert event["exception"]["values"][0]["value"] == "[address] is no address, see /join/[secret]/"
    assert event["tags"]["request_id"] == "abcdef123456"


def test_a_reported_request_loses_cookies_body_headers_and_query() -> None:
    event = {
        "request": {
            "url": f"https://gkec.example/registration/{TOKEN}/",
            "method": "POST",
            "cookies": {"sessionid": "1"},
            "data": {"name": "Ana"},
            "headers": {"User-Agent": "x"},
            "query_string": "q=ana",
            "env": {"REMOTE_ADDR": "203.0.113.7"},
        },
        "user": {"id": 1},
        "server_name": "host",
    }
    assert sentry.scrubbed(event) == {
        "request": {"url": "https://gkec.example/registration/[secret]/", "method": "POST"}
    }
