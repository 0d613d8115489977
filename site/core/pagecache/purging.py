"""Dropping kept pages when what they show has changed."""

import logging
from functools import partial

from django.db import transaction

from core import epochs
from core.pagecache import store

logger = logging.getLogger(__name__)


def purge(*tags: str) -> None:
    """Drop every kept page with one of the tags, when the current transaction has been committed.

    Tags are `page:<translation key>`, `list:<type>` and `site`. Other processes may answer from a copy of theirs for
    one second more.
    """
    # At once for this process; others learn of it by the new epoch.
    epochs.forget()
    if tags:
        transaction.on_commit(partial(purge_now, tags), robust=True)


def purge_now(tags: tuple[str, ...]) -> None:
    """Drop at once, whatever transaction is open."""
    if store.drop(tags) is None:
        # Entries live ten minutes at most; until then readers may see the old page.
        logger.error("Could not purge %s from the page cache: Valkey does not answer.", ", ".join(tags))
