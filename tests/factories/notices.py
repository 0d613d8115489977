"""What providers tell by webhook, for tests: the real views of anymail behind our own door."""

import base64
import json
from typing import Any

from django.test import Client

SECRET = "gkec:hook"


def notice(client: Client, **changes: Any) -> int:
    """Let Brevo tell of a bounce without a time, or of what is given; return the status of our answer."""
    event = {
        "event": "hard_bounce",
        "email": "Ana@City.example",
        "id": 7,
        "date": "2026-11-22 05:00:00",
        "ts": 1795323600,
        "message-id": "<1@api>",
        "reason": "550 5.1.1 gone",
        **changes,
    }
    return _post(client, "brevo", event)


def complaint_by_postmark(client: Client, *, email: str, at: str) -> int:
    """Let Postmark tell of a complaint, whose time anymail passes on as it stands; return the status of our answer."""
    event = {"RecordType": "SpamComplaint", "Type": "SpamComplaint", "ID": 7, "Email": email, "BouncedAt": at}
    return _post(client, "postmark", event)


def _post(client: Client, provider: str, event: dict[str, Any]) -> int:
    headers = {"Authorization": f"Basic {base64.b64encode(SECRET.encode()).decode()}"}
    answer = client.post(
        f"/mail/reports/{provider}/", json.dumps(event), content_type="application/json", headers=headers
    )
    return answer.status_code
