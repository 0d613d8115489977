"""How a copy of somebody's data reads: the hour at which it was made, and labels in the reader's language."""

import io
import json
import zipfile

import pytest
import time_machine
from allauth.usersessions.models import UserSession
from bs4 import BeautifulSoup
from django.utils import timezone
from django.utils.functional import Promise

from accounts import services
from accounts.enums import Channel
from accounts.models import User
from core import personal
from core.personal import Column, Subject
from tests.factories.accounts import PersonFactory

pytestmark = pytest.mark.django_db


def copied(person: User, channel: Channel = Channel.STAFF) -> tuple[str, dict]:
    content = services.export(subject=services.subject_of(person), channel=channel)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return archive.read("index.html").decode(), json.loads(archive.read("data.json"))


@pytest.mark.parametrize("zone", ["Asia/Kolkata", "America/Bogota"])
def test_a_copy_made_by_staff_of_any_zone_tells_the_hour_in_utc(zone):
    with time_machine.travel("2026-11-22 20:05:00+00:00", tick=False), timezone.override(zone):
        page, data = copied(PersonFactory())
    made = BeautifulSoup(page, "html.parser").p.get_text()
    assert made.replace("\u2066", "").replace("\u2069", "").startswith("Made on 2026-11-22 20:05 UTC. The same,")
    assert data["made"] == "2026-11-22T20:05:00Z"


def test_every_column_of_a_copy_is_labelled_in_words_that_are_translated():
    bare = []
    for kind in personal.kinds():
        model = kind.find(Subject(1)).model
        columns = [Column(one) if isinstance(one, str) else one for one in kind.columns]
        labels = {one.path: one.label or personal._label(model, one.path) for one in columns}
        bare += [(kind.name, path) for path, label in labels.items() if not isinstance(label, Promise)]
    assert bare == []


def test_a_copy_calls_what_is_known_of_a_device_by_its_name():
    ana = PersonFactory()
    UserSession.objects.create(user=ana, ip="192.0.2.7", session_key="k", user_agent="Firefox", data={})
    page, data = copied(ana, Channel.SELF)
    [devices] = [kind for kind in data["kinds"] if kind["name"] == "devices"]
    assert devices["columns"] == {
        "ip": "network address",
        "user_agent": "browser",
        "created_at": "signed in since",
        "last_seen_at": "last used",
    }
    assert '<dt><b>network address</b></dt><dd dir="auto">192.0.2.7</dd>' in page
