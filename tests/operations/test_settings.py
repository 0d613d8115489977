"""What operators set: each value does what the settings say, and a bad one stops the start with one sentence."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from gkec import environment as env

PRODUCTION = {
    "DJANGO_SETTINGS_MODULE": "gkec.settings.production",
    "SECRET_KEY": "k" * 50,
    "BASE_URL": "https://gkec.example",
    "ALLOWED_HOSTS": "gkec.example",
    "DATABASE_URL": "postgres://gkec:secret@db.example:5432/gkec?sslmode=require",
    "REDIS_URL": "redis://cache.example:6379/0",
    "EMAIL_URL": "smtp+tls://mail.example:587",
}
READ = """
import json
import os
from django.conf import settings
from django.core.files.storage import default_storage
from django.db import connection
if os.environ.get("WITH_APPS"):
    import django
    django.setup()
parameters = connection.get_connection_params()
print(json.dumps({
    "url": default_storage.url("images/a b.png"),
    "images": settings.CONTENT_SECURITY_POLICY["DIRECTIVES"]["img-src"],
    "cursors": connection.settings_dict["DISABLE_SERVER_SIDE_CURSORS"],
    "prepared": parameters["prepare_threshold"],
    "client": {name: parameters[name] for name in sorted(parameters) if "keepalives" in name or "tcp" in name},
    "server": parameters.get("options"),
    "fallbacks": len(settings.SECRET_KEY_FALLBACKS),
    "overwrites": getattr(default_storage, "file_overwrite", None),
}))
"""


def start(**variables: str) -> subprocess.CompletedProcess[str]:
    """Load production's settings in a process of its own."""
    inherited = {name: os.environ[name] for name in ("PATH", "PYTHONPATH", "HOME") if name in os.environ}
    return subprocess.run(
        [sys.executable, "-c", READ],
        env={**inherited, **PRODUCTION, **variables},
        capture_output=True,
        text=True,
        check=False,
    )


def told(**variables: str) -> dict[str, Any]:
    answer = start(**variables)
    assert answer.returncode == 0, answer.stderr
    return json.loads(answer.stdout)


def test_media_stay_in_a_folder_unless_a_bucket_is_named() -> None:
    found = told()
    assert found["url"] == "/media/images/a%20b.png"
    assert found["images"] == ["'self'", "data:"]
    assert (found["cursors"], found["prepared"], found["fallbacks"]) == (False, None, 0)
    # A machine that is gone without a word keeps its locks for about a minute, not for the two hours of the systems.
    assert found["client"] == {
        "keepalives_count": 3,
        "keepalives_idle": 30,
        "keepalives_interval": 10,
        "tcp_user_timeout": 60000,
    }
    assert found["server"] == (
        "-c tcp_keepalives_idle=30 -c tcp_keepalives_interval=10 -c tcp_keepalives_count=3 -c tcp_user_timeout=60000"
    )


def test_media_in_a_bucket_are_shown_from_its_address_a_pooler_and_retired_keys_are_known() -> None:
    found = told(
        WITH_APPS="yes",
        MEDIA_BUCKET="gkec-media",
        MEDIA_BUCKET_URL="https://media.gkec.example/public",
        MEDIA_BUCKET_ENDPOINT="https://s3.example",
        MEDIA_BUCKET_KEY="key",
        MEDIA_BUCKET_SECRET="secret",
        DATABASE_PGBOUNCER="true",
        SECRET_KEY_FALLBACKS=",".join(("a" * 50, "b" * 50)),
    )
    assert found["url"] == "https://media.gkec.example/public/images/a%20b.png"
    assert found["images"] == ["'self'", "data:", "https://media.gkec.example"]
    assert found["overwrites"] is False
    # Behind a pooler no cursor stays open, nothing is prepared, and the server is the pooler's to ask.
    assert (found["cursors"], found["prepared"], found["fallbacks"]) == (True, None, 2)
    assert (found["client"]["keepalives_idle"], found["server"]) == (30, None)


@pytest.mark.parametrize("password", ["sec/ret", "sec?ret", "sec[ret", "12/34"])
@pytest.mark.parametrize(("name", "rest"), [("DATABASE_URL", "db:5432/gkec"), ("EMAIL_URL", "mail.example:587")])
def test_a_password_that_breaks_its_address_stops_the_start_and_is_not_shown(
    name: str, rest: str, password: str
) -> None:
    scheme = "postgres" if name == "DATABASE_URL" else "smtp+tls"
    answer = start(**{name: f"{scheme}://gkec:{password}@{rest}"})
    assert (answer.returncode, answer.stdout, answer.stderr.strip()) == (
        env.EXIT_STATUS,
        "",
        f"{name} is malformed: in its password, special characters must be percent-encoded, such as %2F for /.",
    )


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("postgres://gkec:se%2Fc%3Fret@db:5432/gkec", ("gkec", "se/c?ret", "db", 5432, "gkec")),
        # What django-environ mends by itself goes on to work.
        ("postgres://gkec:12#34@db:5432/gkec", ("gkec", "12#34", "db", 5432, "gkec")),
        ("postgres://a.example,b.example/gkec", ("", "", "a.example,b.example", "", "gkec")),
        ("postgres://gkec@%2Fvar%2Frun/gkec", ("gkec", "", "/var/run", "", "gkec")),
    ],
)
def test_a_database_is_named_by_one_address(
    monkeypatch: pytest.MonkeyPatch, url: str, expected: tuple[object, ...]
) -> None:
    monkeypatch.setenv("DATABASE_URL", url)
    found = env.database("DATABASE_URL")
    assert tuple(found[name] for name in ("USER", "PASSWORD", "HOST", "PORT", "NAME")) == expected


@pytest.mark.parametrize(
    ("scheme", "starts_tls", "speaks_tls"),
    [("smtp", False, False), ("smtp+tls", True, False), ("smtp+ssl", False, True), ("smtps", False, True)],
)
def test_the_scheme_of_the_mail_server_says_how_tls_begins(
    monkeypatch: pytest.MonkeyPatch, scheme: str, starts_tls: bool, speaks_tls: bool
) -> None:
    monkeypatch.setenv("EMAIL_URL", f"{scheme}://user:pass%2Fword@mail.example:465")
    found = env.mail_server("EMAIL_URL")
    assert (found["EMAIL_HOST"], found["EMAIL_PORT"], found["EMAIL_HOST_PASSWORD"]) == (
        "mail.example",
        465,
        "pass/word",
    )
    assert (found.get("EMAIL_USE_TLS", False), found.get("EMAIL_USE_SSL", False)) == (starts_tls, speaks_tls)


def test_a_bad_value_stops_a_real_start_with_one_sentence() -> None:
    answer = start(MEDIA_BUCKET="gkec", MEDIA_BUCKET_KEY="key")
    sentence = "MEDIA_BUCKET_SECRET is not set: MEDIA_BUCKET_KEY makes no sense without it."
    assert (answer.returncode, answer.stderr.strip()) == (env.EXIT_STATUS, sentence)


@pytest.mark.parametrize(
    ("read", "name", "value", "sentence"),
    [
        (
            env.bucket,
            "MEDIA_BUCKET",
            "Not A Bucket",
            "MEDIA_BUCKET is 'Not A Bucket': a bucket's name has 3 to 63 small letters, digits, dots and hyphens.",
        ),
        (
            partial(env.optional_address, schemes={"http", "https"}),
            "MEDIA_BUCKET_ENDPOINT",
            "s3.example",
            "MEDIA_BUCKET_ENDPOINT is malformed: it must be an address that starts with http or https://.",
        ),
        (
            env.mail_server,
            "EMAIL_URL",
            "submission://user:password@mail.example",
            "EMAIL_URL is malformed: it must be an address that starts with smtp or smtp+ssl or smtp+tls or smtps://.",
        ),
        *(
            (
                partial(env.number, default=0),
                "MAIL_RATE",
                value,
                f"MAIL_RATE is {value!r}: it must be a whole number of at least 0.",
            )
            for value in ("--5", "²", "-1", "1.5")
        ),
        (
            env.secrets,
            "SECRET_KEY_FALLBACKS",
            "short",
            "SECRET_KEY_FALLBACKS is too short: each of its secrets needs at least 50 random characters.",
        ),
    ],
)
def test_a_bad_value_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, read: Callable[[str], object], name: str, value: str, sentence: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(env.ConfigurationProblem) as stopped:
        read(name)
    assert stopped.value.sentence == sentence


@pytest.mark.parametrize(
    ("read", "nothing"), [(env.bucket, ""), (env.secrets, []), (partial(env.optional_address, schemes={"http"}), "")]
)
def test_an_empty_value_counts_as_unset(
    monkeypatch: pytest.MonkeyPatch, read: Callable[[str], object], nothing: object
) -> None:
    monkeypatch.setenv("EMPTY", " ")
    assert read("EMPTY") == nothing
