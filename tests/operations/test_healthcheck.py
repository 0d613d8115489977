"""The health check: what it asks of a web process, and where containers ask it (tests/faults/test_life_signs.py: workers)."""

import json
import re
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from django.conf import settings

from gkec import healthcheck
from gkec.devstack.valkey import free_port
from gkec.environment import ROOT
from tests.operations import kustomize
from tests.operations.deployment import KUBERNETES, arguments, compose

CHECK = ["python", "-P", "site/gkec/healthcheck.py"]
# The longest pause that Celery makes before it tries a broker again that was away.
RECONNECT_SECONDS = 32


def test_it_loads_nothing_but_what_it_needs():
    # It starts twice a minute, so nothing of ours may come with it.
    asks = [sys.executable, "-X", "importtime", *CHECK[1:]]
    answer = subprocess.run(asks, cwd=ROOT, env={"WEB_BIND": f":{free_port()}"}, capture_output=True, check=False)
    assert answer.returncode == 1
    assert b"urllib.request" in answer.stderr
    assert not re.search(rb"\| +(gkec|celery|kombu|django)\b", answer.stderr)


def test_kubernetes_looks_whether_the_loop_of_each_worker_and_of_beat_turns():
    pods = kustomize.pods(kustomize.build(KUBERNETES / "base"))
    ours = {name: pod["containers"][0] for name, pod in pods.items() if name == "beat" or name.startswith("worker-")}
    assert len(ours) == 4
    for name, one in ours.items():
        assert one["startupProbe"]["exec"] == one["livenessProbe"]["exec"] == {"command": CHECK}, name
        (sign,) = [variable["value"] for variable in one["env"] if variable["name"] == "LIFE_SIGN"]
        assert Path(sign).parent in {Path(mount["mountPath"]) for mount in one["volumeMounts"]}, name
        # A broker that has come back is found before anybody takes the silence until then for a fault.
        probe = one["livenessProbe"]
        assert probe["periodSeconds"] * (probe["failureThreshold"] - 1) > RECONNECT_SECONDS, name
        # Later than that an answer counts as none, whatever it is.
        assert probe["timeoutSeconds"] > healthcheck.SECONDS, name
        assert "readinessProbe" not in one, name


def test_compose_asks_the_check_of_the_image_about_each_worker_and_beat():
    assert json.loads(arguments("HEALTHCHECK")[0].split("CMD ", 1)[1]) == CHECK
    services = compose()
    ours = {"worker-transactional", "worker-bulk", "worker-default", "beat"}
    assert {name for name, one in services.items() if "LIFE_SIGN" in one.get("environment", {})} == ours
    for name in ours:
        assert "healthcheck" not in services[name]
        assert Path(services[name]["environment"]["LIFE_SIGN"]).parent in map(Path, services[name]["tmpfs"]), name
        assert services["web"]["environment"].items() <= services[name]["environment"].items(), name


def test_beat_gives_signs_oftener_than_is_looked_for_them():
    assert settings.CELERY_BEAT_MAX_LOOP_INTERVAL * 2 < healthcheck.SILENT_SECONDS


class Healthz(BaseHTTPRequestHandler):
    """A web process that answers to the name of the site alone."""

    def do_GET(self) -> None:
        self.send_response(200 if (self.path, self.headers["Host"]) == ("/healthz", "gkec.example") else 400)
        self.end_headers()

    def log_message(self, *words: object) -> None:
        pass


def test_the_health_check_asks_in_the_name_of_the_site(monkeypatch: pytest.MonkeyPatch) -> None:
    with HTTPServer(("127.0.0.1", 0), Healthz) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("WEB_BIND", f"0.0.0.0:{server.server_port}")
        monkeypatch.setenv("BASE_URL", "https://gkec.example")
        assert healthcheck.main() == 0
        monkeypatch.setenv("BASE_URL", "https://other.example")
        assert healthcheck.main() == 1
        server.shutdown()


def test_the_health_check_tells_of_a_process_that_is_not_there(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("WEB_BIND", f"0.0.0.0:{free_port()}")
    assert healthcheck.main() == 1
    assert capsys.readouterr().err.startswith("The web process does not answer: ")
