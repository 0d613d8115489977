"""gunicorn's logger in our format: access lines tell neither who asked nor with which token."""

from datetime import timedelta
from typing import Any
from urllib.parse import quote, unquote_to_bytes

from gunicorn.glogging import Logger

from core import logs, requestid
from gkec import environment as env

# What paths of the site hold beside letters and digits; @ stays, so that addresses are seen and redacted.
_SAFE = "/:@+,;=~"


class RedactingLogger(Logger):
    """Named by `--logger-class gkec.gunicornlog.RedactingLogger`; reads LOG_FORMAT itself, before Django is there."""

    def setup(self, cfg: Any) -> None:
        """Let gunicorn open its handlers, then write through our formatter."""
        super().setup(cfg)
        chosen = logs.formatter(env.choice("LOG_FORMAT", among=tuple(logs.FORMATTERS), default="line"))
        for logger in (self.error_log, self.access_log):
            for handler in logger.handlers:
                handler.setFormatter(chosen)

    def access(self, resp: Any, req: Any, environ: dict[str, Any], request_time: timedelta) -> None:
        """Write method, path, status, size and time: no address of a client, no query, no browser, no referrer."""
        if not self.access_log_enabled:
            return
        status = str(resp.status).partition(" ")[0]
        milliseconds = request_time.total_seconds() * 1000
        headers = {name.lower(): value for name, value in resp.headers}
        # PATH_INFO is decoded: a line break in it would forge a line. What was asked for is written in one way, so that
        # letters encoded without need do not hide a token from redaction.
        path = quote(unquote_to_bytes(environ["RAW_URI"].partition("?")[0]), safe=_SAFE)
        facts = {"method": environ["REQUEST_METHOD"], "path": path, "status": status}
        facts |= {"bytes": getattr(resp, "sent", None), "ms": round(milliseconds, 1)}
        with requestid.during(headers.get(requestid.HEADER.lower(), "")):
            self.access_log.info("%(method)s %(path)s %(status)s %(bytes)s %(ms)s ms", facts, extra={"access": facts})
