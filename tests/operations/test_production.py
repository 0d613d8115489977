"""What production runs with, read in a process of its own: how its workers take tasks, and that nothing of the demo is there."""

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from tests.operations.test_settings import PRODUCTION

READ = """
import json
import django
django.setup()
from django.conf import settings
from django.urls import Resolver404, resolve
from gkec.celery import app

def where(path):
    try:
        return resolve(path).func.__module__
    except Resolver404:
        return ""

conf = app.conf
print(json.dumps({
    "acks_late": conf.task_acks_late,
    "prefetch": conf.worker_prefetch_multiplier,
    "soft_shutdown": conf.worker_soft_shutdown_timeout,
    "handover": settings.MAIL_HANDOVER_SECONDS,
    "idle": conf.worker_enable_soft_shutdown_on_idle,
    "results": not conf.task_ignore_result,
    "accepts": [conf.task_serializer, *conf.accept_content],
    "default_queue": conf.task_default_queue,
    "queues": settings.WORK_QUEUES,
    "sweep": conf.task_routes["mail.tasks.sweep"]["queue"],
    "eager": conf.task_always_eager,
    "endless": [name for name, one in conf.beat_schedule.items() if not one.get("options", {}).get("expires")],
    "retrying": [name for name, task in app.tasks.items() if getattr(task, "autoretry_for", ()) or task.acks_late],
    "demo_app": "demo" in settings.INSTALLED_APPS,
    "demo_pages": [path for path in ("/dev/", "/dev/inbox/", "/dev/inbox/1/", "/dev/inbox/1/raw/")
                   if where(path).startswith("demo")],
}))
"""


def read(**variables: str) -> dict[str, Any]:
    inherited = {name: os.environ[name] for name in ("PATH", "PYTHONPATH", "HOME") if name in os.environ}
    answer = subprocess.run(
        [sys.executable, "-c", READ],
        env={**inherited, **PRODUCTION, **variables},
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr
    return json.loads(answer.stdout)


def test_production_takes_tasks_as_the_decision_says_and_shows_nothing_of_the_demo() -> None:
    """The decision is docs/adr/0010; one process reads both, since starting it is what costs."""
    assert read() == {
        "acks_late": False,
        "prefetch": 1,
        "soft_shutdown": 75,
        "handover": 60,
        "idle": False,
        "results": False,
        "accepts": ["json", "json"],
        "default_queue": "default",
        "queues": ["transactional", "bulk", "default"],
        "sweep": "default",
        "eager": False,
        "endless": [],
        "retrying": [],
        "demo_app": False,
        "demo_pages": [],
    }


@pytest.mark.long
def test_control_with_the_settings_of_the_demo_its_inbox_is_there() -> None:
    local = {"BASE_URL": "http://127.0.0.1:8000", "ALLOWED_HOSTS": "127.0.0.1"}
    found = read(DJANGO_SETTINGS_MODULE="gkec.settings.demo", **local)
    assert (found["demo_app"], found["demo_pages"]) == (True, ["/dev/inbox/", "/dev/inbox/1/", "/dev/inbox/1/raw/"])
