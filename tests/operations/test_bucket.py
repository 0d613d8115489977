"""Media in a bucket: they are put, found, backed up and restored as those in a folder are."""

import os
import runpy
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from accounts import erasures
from accounts.enums import Channel, Ground
from core.personal import Subject
from core.services.backing_up import back_up, media_names
from core.services.restoring import restore
from gkec.environment import ROOT
from tests.operations.bucket import Bucket, running_bucket
from tests.operations.places import empty_database

# More in one folder, and more folders, than one answer to a listing names.
NAMES = (
    "documents/Übersicht 1.pdf",
    "images/plan.1.png",
    "images/plan.2.png",
    "images/plan.png",
    "original_images/ميثاق.png",
)


@pytest.fixture
def use(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Callable[[Bucket], None]:
    """`use(bucket)`: media lie there from now on, as the settings make it of what an operator gives them."""

    def choose(bucket: Bucket) -> None:
        given = {"": bucket.name, "_ENDPOINT": bucket.url, "_KEY": "key", "_SECRET": "secret"}
        for name, value in given.items():
            monkeypatch.setenv(f"MEDIA_BUCKET{name}", value)
        made = runpy.run_path(str(ROOT / "site" / "gkec" / "settings" / "media.py"))["STORAGES"]
        settings.STORAGES = {**settings.STORAGES, **{name: made[name] for name in ("default", "erasures")}}

    return choose


@pytest.fixture
def bucket(use: Callable[[Bucket], None]) -> Iterator[Bucket]:
    with running_bucket("gkec-media") as found:
        use(found)
        yield found


def test_a_file_is_put_read_and_told_how_long_it_may_be_kept(bucket: Bucket) -> None:
    name = default_storage.save(NAMES[0], ContentFile(b"words"))
    assert bucket.objects == {name: b"words"}
    assert bucket.headers[name]["cache-control"] == "public, max-age=86400"
    assert "x-amz-acl" not in bucket.headers[name]
    with default_storage.open(name) as content:
        assert content.read() == b"words"
    assert default_storage.exists(name)
    assert not default_storage.exists("images/other.png")


def test_two_files_of_one_name_are_two_files(bucket: Bucket) -> None:
    first, second = (default_storage.save(NAMES[1], ContentFile(words)) for words in (b"one", b"two"))
    assert first != second
    assert bucket.objects == {first: b"one", second: b"two"}


def test_notes_of_erasures_lie_in_the_bucket_until_they_are_old(bucket: Bucket) -> None:
    about = Subject(None, ("ana@city.example",))
    for day in (1, 2):
        at = datetime(2026, 11, day, 12, 0, 0, 5, tzinfo=UTC)
        erasures.write(at=at, channel=Channel.LINK, ground=Ground.ASKED, subject=about)
    old, new = (f"erasures/2026110{day}T120000.000005Z.json" for day in (1, 2))
    assert sorted(bucket.objects) == sorted(media_names()) == [old, new]
    assert bucket.headers[new].get("cache-control") is None
    assert [note.at.day for note in erasures.read()] == [1, 2]
    erasures.forget(before=datetime(2026, 11, 2, tzinfo=UTC))
    assert list(bucket.objects) == [new]


@pytest.mark.django_db(transaction=True)
def test_a_backup_of_a_bucket_comes_back_into_another(
    bucket: Bucket, use: Callable[[Bucket], None], tmp_path: Path
) -> None:
    for number, name in enumerate(NAMES):
        default_storage.save(name, ContentFile(os.urandom(200_000 * number)))
    assert sorted(media_names()) == sorted(NAMES)
    back_up(to=tmp_path / "gkec.tar")
    with running_bucket("gkec-restored") as other, empty_database():
        use(other)
        assert restore(source=tmp_path / "gkec.tar", is_moving=True).media == len(NAMES)
        assert other.objects == bucket.objects
