"""What the environment asks of `make demo`, checked before anything is started."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from gkec.devstack.errors import Refusal
from gkec.loopback import is_loopback

ROOT = Path(__file__).resolve().parents[3]
DEFAULT_PORT = 8000


@dataclass(frozen=True)
class Options:
    """Where to serve, where to keep data, and which services are real ones elsewhere."""

    bind: str
    port: int
    base_url: str
    var: Path
    database_url: str = ""
    redis_url: str = ""
    email_url: str = ""


def read(environment: Mapping[str, str] = os.environ) -> Options:
    """Read the environment; an empty value counts as unset."""
    values = {name: value.strip() for name, value in environment.items()}
    bind = values.get("BIND") or "127.0.0.1"
    port = read_port(values.get("PORT") or str(DEFAULT_PORT))
    base_url = values.get("BASE_URL") or f"http://127.0.0.1:{port}"
    for name, host in (("BIND", bind), ("BASE_URL", urlsplit(base_url).hostname or "")):
        if not is_loopback(host):
            raise Refusal(
                f"{name} must be a loopback address such as 127.0.0.1: the demo's passwords are known to all."
            )
    return Options(
        bind=bind,
        port=port,
        base_url=base_url,
        var=Path(values.get("VAR_DIR") or ROOT / "var").absolute(),
        database_url=values.get("DATABASE_URL", ""),
        redis_url=values.get("REDIS_URL", ""),
        email_url=values.get("EMAIL_URL", ""),
    )


def read_port(text: str) -> int:
    """Return a port number a person may listen on."""
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 65535:
        raise Refusal(f"PORT is {text!r}: it must be a whole number from 1 to 65535.")
    return int(text)
