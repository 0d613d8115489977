"""Errors to Sentry where SENTRY_DSN names a project: what broke and where, never whose data it was about."""

from typing import Any

from core import requestid
from core.redaction import redact_all

# Whole parts of an event that tell of a person; what is left is redacted besides.
_DROPPED_FROM_REQUEST = ("cookies", "data", "env", "headers", "query_string")


def start(dsn: str, **options: Any) -> bool:
    """Begin to report when there is a DSN; tell whether it was begun."""
    if not dsn:
        return False
    import sentry_sdk

    sentry_sdk.init(
        dsn=dsn,
        # send_default_pii stays unset, which is off: naming it is deprecated. Local variables hold what people typed.
        include_local_variables=False,
        include_source_context=False,
        max_request_body_size="never",
        max_breadcrumbs=20,
        traces_sample_rate=None,
        before_send=scrubbed,
        before_breadcrumb=scrubbed_breadcrumb,
        **options,
    )
    return True


def scrubbed(event: Any, hint: dict[str, Any] | None = None) -> Any:
    """Return the event without cookies, bodies, headers, people, and with every text redacted."""
    request = event.get("request") or {}
    for name in _DROPPED_FROM_REQUEST:
        request.pop(name, None)
    event.pop("user", None)
    event.pop("server_name", None)
    if found := requestid.current():
        event.setdefault("tags", {})["request_id"] = found
    return redact_all(event)


def scrubbed_breadcrumb(crumb: Any, hint: dict[str, Any] | None = None) -> Any:
    """Return the breadcrumb redacted; SQL statements are left out, since their values are people's."""
    return None if crumb.get("category") == "query" else redact_all(crumb)
