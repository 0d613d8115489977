"""gunicorn's logger in our format: access lines tell neither who asked nor with which token."""

from datetime import timedelta
from typing import Any

from gunicorn.glogging import Logger

from core import logs, requestid
from gkec import environment as env


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
        facts = {"method": environ["REQUEST_METHOD"], "path": environ["PATH_INFO"], "status": status}
        facts |= {"bytes": getattr(resp, "sent", None), "ms": round(milliseconds, 1)}
        with requestid.during(headers.get(requestid.HEADER.lower(), "")):
            self.access_log.info("%(method)s %(path)s %(status)s %(bytes)s %(ms)s ms", facts, extra={"access": facts})
