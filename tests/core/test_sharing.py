"""The picture by which a page is shared: the one that an editor chose, at an address that works from anywhere."""

import re
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.images import ImageFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from PIL import Image

from core.models import Picture
from tests.factories import core as make

# Wagtail leaves the temporary file of each new rendition to the garbage collector.
pytestmark = [
    pytest.mark.django_db,
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture(autouse=True)
def media(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path
    settings.BASE_URL = "https://gkec.example"


def picture(*, size: tuple[int, int] = (1600, 1200), mode: str = "RGB", description: str = "Trams in Lahti") -> Picture:
    content = BytesIO()
    Image.new(mode, size, "green").save(content, "PNG")
    file = ImageFile(ContentFile(content.getvalue()), name="roof.png")
    return Picture.objects.create(title="roof", description=description, file=file)


def shared(address: str) -> dict[str, str]:
    """Return what the page's head says of its picture."""
    html = Client().get(address).content.decode().partition("</head>")[0]
    return dict(re.findall(r'<meta property="(og:image[^"]*)" content="([^"]*)">', html))


def test_the_picture_that_an_editor_chose_is_named_with_size_and_words(settings: Any) -> None:
    make.child(make.site_root(), "trams", sharing_image=picture(description='Trams & "buses"'))
    found = shared("/en/trams/")
    address = found.pop("og:image")
    assert found == {
        "og:image:width": "1200",
        "og:image:height": "630",
        "og:image:alt": "Trams &amp; &quot;buses&quot;",
    }
    assert re.fullmatch(r"https://gkec\.example/media/images/roof[\w.-]*\.jpg", address)
    with Image.open(Path(settings.MEDIA_ROOT) / address.partition("/media/")[2]) as file:
        assert (file.size, file.format) == ((1200, 630), "JPEG")


def test_a_small_or_transparent_picture_is_shared_as_large_as_it_is() -> None:
    make.child(make.site_root(), "small", sharing_image=picture(size=(600, 600), mode="RGBA"))
    found = shared("/en/small/")
    assert (found["og:image:width"], found["og:image:height"]) == ("600", "316")


def test_a_page_without_a_picture_names_none() -> None:
    home = make.site_root()
    make.child(home, "plain")
    gone = picture()
    make.child(home, "gone", sharing_image=gone)
    gone.file.storage.delete(gone.file.name)
    assert [shared(f"/en/{slug}/") for slug in ("plain", "gone")] == [{}, {}]


def test_another_picture_is_shared_at_once(django_capture_on_commit_callbacks: Any) -> None:
    page = make.child(make.site_root(), "trams", sharing_image=picture(description="First"))
    assert shared("/en/trams/")["og:image:alt"] == "First"
    with django_capture_on_commit_callbacks(execute=True):
        page.sharing_image = picture(description="Second")
        page.save_revision().publish()
    assert shared("/en/trams/")["og:image:alt"] == "Second"


@pytest.mark.parametrize("number", [1, 3])
def test_a_kept_picture_costs_no_statement(number: int) -> None:
    home = make.site_root()
    make.child(home, "plain")
    for step in range(number):
        make.child(home, f"shared-{step}", sharing_image=picture())
    counts = []
    for slug in ("plain", "shared-0"):
        # The first view makes the rendition, and what is the same for everybody is kept from then on.
        Client().get(f"/en/{slug}/")
        with CaptureQueriesContext(connection) as queries:
            assert Client().get(f"/en/{slug}/?unknown=1").status_code == 200
        counts.append(len(queries))
    assert counts == [1, 1]
