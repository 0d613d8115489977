"""A small server that speaks the APIs of providers of mail, as one program speaks to several."""

import base64
import contextlib
import email
import email.policy
import json
import threading
import time
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs


class Api:
    """Keeps what is asked of it; `answers[address]` is a status, or "hang up" after the message was taken.

    Each answer takes `seconds` to come.

    A request whose key it knows is answered and not kept again, as Brevo and Resend promise.
    """

    def __init__(self) -> None:
        self.taken: list[dict[str, Any]] = []
        self.requests = 0
        self.keys: set[str] = set()
        self.answers: dict[str, list[int | str]] = {}
        # The status that it gives everybody while it is not 0, and takes nothing.
        self.outage = 0
        self.seconds = 0.0
        # What it says beside a status that is no success.
        self.words: dict[str, Any] = {}
        api = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            # Head and body leave apart: the second would wait 40 ms until the first is known to have come.
            disable_nagle_algorithm = True

            def do_POST(self) -> None:
                api.requests += 1
                body = self.rfile.read(int(self.headers["Content-Length"]))
                asked = _asked(self.headers["Content-Type"], body)
                address = _address(asked)
                answer = (api.answers.get(address) or [201]).pop(0) if api.answers.get(address) else api.outage or 201
                key = asked.get("headers", {}).get("idempotencyKey") or self.headers["Idempotency-Key"] or ""
                if answer in {201, "hang up", 500} and not api.outage and (not key or key not in api.keys):
                    api.keys.add(key)
                    api.taken.append({**asked, "address": address, "key": key})
                time.sleep(api.seconds)
                if answer == "hang up":
                    self.close_connection = True
                    self.connection.close()
                    return
                said = {**_TAKEN, "To": address} if answer == 201 else {"message": "No.", **api.words}
                body = json.dumps(said).encode()
                self.send_response(200 if answer == 201 else int(answer))
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                with contextlib.suppress(OSError):
                    # Who waited too long has gone.
                    self.end_headers()
                    self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}/"

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    @property
    def addresses(self) -> list[str]:
        return [one["address"] for one in self.taken]


# What each calls a message that it took: Brevo, Resend and Mailgun, Postmark, Amazon SES.
_TAKEN: dict[str, Any] = {
    "messageId": "<1@api>",
    "id": "1",
    "message": "Queued.",
    "ErrorCode": 0,
    "Message": "OK",
    "MessageID": "1",
    "MessageId": "1",
}


def _asked(content_type: str, body: bytes) -> dict[str, Any]:
    """Return what a request says: in JSON, as a form, or as a form with files."""
    if content_type.startswith("application/json"):
        return json.loads(body)
    if content_type.startswith("multipart/form-data"):
        form = email.message_from_bytes(b"Content-Type: " + content_type.encode() + b"\r\n\r\n" + body)
        parts = [one for one in form.walk() if not one.is_multipart()]
        return {
            str(one.get_param("name", header="Content-Disposition")): one["Content-Type"]
            if one.get_filename()
            else one.get_payload()
            for one in parts
        }
    return {name: values[0] for name, values in parse_qs(body.decode()).items()}


def _address(asked: dict[str, Any]) -> str:
    destination = asked.get("Destination", {}).get("ToAddresses")
    to = destination or asked.get("to") or asked["To"]
    one = to[0] if isinstance(to, list) else to
    return one["email"] if isinstance(one, dict) else one.rpartition("<")[2].rstrip(">")


def raw(asked: dict[str, Any]) -> EmailMessage:
    """Return the message that SES was given whole."""
    data = base64.b64decode(asked["Content"]["Raw"]["Data"])
    return email.message_from_bytes(data, policy=email.policy.default)
