"""What editors see of a block before they choose it: every block of every page, with its words."""

from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager

import pytest
from bs4 import BeautifulSoup
from django.apps import apps
from django.urls import reverse
from django.utils.functional import Promise
from wagtail.blocks import Block
from wagtail.fields import StreamField

from core import checks
from tests.factories import accounts, events
from tests.factories import learning as courses


def every_block() -> list[Block]:
    """Return each block that editors choose anywhere, those within others too."""
    fields = (field for model in apps.get_models() for field in model._meta.get_fields())
    streams = [field.stream_block for field in fields if isinstance(field, StreamField)]
    return list({id(block): block for stream in streams for block in checks.offered(stream)}.values())


def texts(value: object) -> Iterator[object]:
    """Yield every text of an example, however deep: what is marked for translation, and what is not."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for one in value:
            yield from texts(one)
    elif isinstance(value, str | Promise):
        yield value


@pytest.fixture(scope="module")
def something_to_show(made_once: Callable[[], AbstractContextManager[None]]) -> Generator[None]:
    """A page, an event and a cohort, of which the blocks that keep themselves up to date tell."""
    with made_once():
        courses.section(events.section().get_parent())
        events.live_webinar()
        courses.cohort(course=courses.record_of(courses.whole_course(modules=1, units=1)))
        yield


@pytest.mark.usefixtures("something_to_show")
@pytest.mark.django_db
@pytest.mark.parametrize("block", every_block(), ids=lambda one: f"{type(one).__module__}.{type(one).__name__}")
def test_editors_see_each_block_with_its_words_before_they_choose_it(client, block):
    accounts.sign_in(client, accounts.editor())
    html = client.get(reverse("wagtailadmin_block_preview"), {"id": block.definition_prefix}).content.decode()
    main = BeautifulSoup(html, "html.parser").main
    assert block.get_description()
    # A heading, a button or a whole preview without words would show editors nothing to choose by.
    assert [str(one) for one in main.select("h1, h2, h3, a.button") if not one.get_text(strip=True)] == []
    said = " ".join([main.get_text(" ", strip=True), *(one["alt"] for one in main.select("[alt]"))])
    assert said
    example = list(texts(getattr(block.meta, "preview_value", {})))
    assert [str(one) for one in example if isinstance(one, Promise) and str(one) not in said] == []
    # Whatever has a blank is a sentence or a name: words that each language has for itself.
    assert [one for one in example if isinstance(one, str) and " " in one] == []
