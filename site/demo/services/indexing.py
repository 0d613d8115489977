"""Wagtail's own indexes, written once when everything is loaded: a page is saved four times while it is translated."""

from collections.abc import Generator
from contextlib import contextmanager

from django.core.management import call_command
from django.db.models.signals import post_save
from modelsearch.index import get_indexed_models
from modelsearch.signal_handlers import post_save_signal_handler
from wagtail.signal_handlers import disable_reference_index_auto_update


@contextmanager
def indexed_at_the_end() -> Generator[None]:
    """Leave the index of words and the index of references aside, and bring both up to the database at the end.

    A load that fails in between leaves them behind; the next one brings them up.
    """
    heard = [model for model in get_indexed_models() if post_save.disconnect(post_save_signal_handler, sender=model)]
    try:
        with disable_reference_index_auto_update():
            yield
    finally:
        for model in heard:
            post_save.connect(post_save_signal_handler, sender=model)
    call_command("update_index", verbosity=0)
    call_command("rebuild_references_index", verbosity=0)
