"""Where settings read the process environment; a bad value stops the start with one sentence."""

import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote, urlsplit

import environ

ROOT = Path(__file__).resolve().parents[2]

# gunicorn stops, instead of respawning for ever, when a worker leaves with this status.
EXIT_STATUS = 3


class ConfigurationProblem(SystemExit):
    """Ends the process with one sentence on stderr; `sentence` holds it for tests."""

    def __init__(self, sentence: str) -> None:
        self.sentence = sentence
        print(sentence, file=sys.stderr)
        super().__init__(EXIT_STATUS)


def text(name: str, *, default: str | None = None) -> str:
    """Return a non-empty string; without a default the variable is required."""
    value = os.environ.get(name, "").strip()
    if value:
        return value
    if default is None:
        raise ConfigurationProblem(f"{name} is not set: give it a value in the environment.")
    return default


def secret(name: str, *, default: str | None = None) -> str:
    """Return a secret of at least 50 characters (Django's own check W009)."""
    value = text(name, default=default)
    if len(value) < 50:
        raise ConfigurationProblem(f"{name} is too short: it needs at least 50 random characters.")
    return value


def number(name: str, *, default: int, minimum: int = 0) -> int:
    """Return a whole number not below `minimum`."""
    value = os.environ.get(name, "").strip() or str(default)
    # Not `isdigit`, which takes ² for one.
    if not re.fullmatch(r"-?[0-9]{1,18}", value) or int(value) < minimum:
        raise ConfigurationProblem(f"{name} is {value!r}: it must be a whole number of at least {minimum}.")
    return int(value)


def flag(name: str, *, default: bool) -> bool:
    """Return a truth value written as true or false, yes or no, on or off, 1 or 0."""
    value = os.environ.get(name, "").strip().lower()
    if not value:
        return default
    if value in {"1", "true", "yes", "on"}:
        return True
    if value in {"0", "false", "no", "off"}:
        return False
    raise ConfigurationProblem(f"{name} is {value!r}: it must be true or false.")


def choice(name: str, *, among: tuple[str, ...], default: str) -> str:
    """Return one of a few words."""
    value = text(name, default=default)
    if value not in among:
        raise ConfigurationProblem(f"{name} is {value!r}: it must be {' or '.join(among)}.")
    return value


def optional_secret(name: str, *, minimum: int) -> str:
    """Return a secret of at least `minimum` characters, or an empty text where it is not set."""
    value = os.environ.get(name, "").strip()
    if value and len(value) < minimum:
        # Without the value: it may be most of a secret.
        raise ConfigurationProblem(f"{name} is too short: it needs at least {minimum} random characters.")
    return value


def secrets(name: str) -> list[str]:
    """Return a comma-separated list of secrets of at least 50 characters each; empty where it is not set."""
    found = words(name, default=[])
    if any(len(value) < 50 for value in found):
        raise ConfigurationProblem(f"{name} is too short: each of its secrets needs at least 50 random characters.")
    return found


def pair(first: str, second: str) -> tuple[str, str]:
    """Return two values that make sense together only, or two empty texts."""
    values = text(first, default=" ").strip(), text(second, default=" ").strip()
    if bool(values[0]) != bool(values[1]):
        missing, given = (first, second) if values[1] else (second, first)
        raise ConfigurationProblem(f"{missing} is not set: {given} makes no sense without it.")
    return values


def bucket(name: str) -> str:
    """Return the name of a bucket, or an empty text."""
    value = os.environ.get(name, "").strip()
    if value and not re.fullmatch(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", value):
        raise ConfigurationProblem(
            f"{name} is {value!r}: a bucket's name has 3 to 63 small letters, digits, dots and hyphens."
        )
    return value


def sentry_dsn(name: str) -> str:
    """Return the address of a Sentry project, such as https://key@sentry.example/7, or an empty text."""
    value = os.environ.get(name, "").strip()
    parts = urlsplit(value)
    is_whole = parts.scheme in {"http", "https"} and parts.username and parts.hostname and parts.path.strip("/")
    if value and not is_whole:
        raise ConfigurationProblem(f"{name} is malformed: it must be an address such as https://key@sentry.example/7.")
    return value


def words(name: str, *, default: list[str] | None = None) -> list[str]:
    """Return a comma-separated list without empty entries."""
    value = text(name, default=None if default is None else ",".join(default) or " ")
    return [word.strip() for word in value.split(",") if word.strip()]


def address(name: str, *, schemes: set[str], default: str | None = None) -> str:
    """Return a URL whose scheme is one of `schemes`, without a trailing slash."""
    value = text(name, default=default).rstrip("/")
    try:
        parts = urlsplit(value)
    except ValueError:
        raise _not_whole(name) from None
    if parts.scheme not in schemes or not (parts.netloc or parts.path):
        wanted = " or ".join(sorted(schemes))
        # The value may hold a password, so the sentence does not repeat it.
        raise ConfigurationProblem(f"{name} is malformed: it must be an address that starts with {wanted}://.")
    return value


def optional_address(name: str, *, schemes: set[str]) -> str:
    """Return a URL as `address` does, or an empty text where it is not set."""
    return address(name, schemes=schemes) if os.environ.get(name, "").strip() else ""


def prefixed(prefix: str) -> dict[str, str]:
    """Return all variables whose names begin with `prefix`, without it; for settings that another program names."""
    return {name.removeprefix(prefix): value for name, value in os.environ.items() if name.startswith(prefix) and value}


def folder(name: str, *, default: Path) -> Path:
    """Return the absolute path of a folder that may not exist yet."""
    return Path(text(name, default=str(default))).absolute()


def database(name: str) -> dict:
    """Return Django's settings for the PostgreSQL database at the address in `name`."""
    config = _parted(name, {"postgres", "postgresql"}, environ.Env.db_url_config)
    # libpq writes the folder of a socket as a percent-encoded host; django-environ leaves it encoded.
    config["HOST"] = unquote(config.get("HOST") or "")
    return config


def mail_server(name: str) -> dict:
    """Return `EMAIL_*` settings for the server at the address in `name`.

    smtp speaks plainly, smtp+tls asks for TLS by STARTTLS, smtps and smtp+ssl speak TLS from the first byte.
    """
    config = _parted(name, {"smtp", "smtps", "smtp+tls", "smtp+ssl"}, environ.Env.email_url_config)
    if urlsplit(text(name)).scheme == "smtps":
        # django-environ takes it for STARTTLS, which a server that expects TLS at once does not hear.
        del config["EMAIL_USE_TLS"]
        config["EMAIL_USE_SSL"] = True
    return config


def _parted(name: str, schemes: set[str], part: Callable[[str], dict]) -> dict:
    """Return the parts of an address with a password, or stop with a sentence that repeats nothing of it."""
    value = address(name, schemes=schemes)
    try:
        config = dict(part(value))
    except ValueError:
        raise _not_whole(name) from None
    # A password such as 12/34 makes host and port of what stands before the slash, and leaves nobody's name.
    if "@" in value and not (config.get("USER") or config.get("EMAIL_HOST_USER")):
        raise _not_whole(name)
    return config


def _not_whole(name: str) -> ConfigurationProblem:
    return ConfigurationProblem(
        f"{name} is malformed: in its password, special characters must be percent-encoded, such as %2F for /."
    )
