"""What happens to pages, led to the index; thin on purpose.

A page must be published even when the index fails: the failure is logged, and the sweep mends the index.
"""

import logging
from collections.abc import Callable

from django.db import transaction
from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver
from wagtail.models import Page, PageViewRestriction
from wagtail.signals import page_published, page_unpublished, post_page_move

from search import services

logger = logging.getLogger(__name__)


def _without_harm(act: Callable[..., object], page: Page) -> None:
    try:
        with transaction.atomic():
            act(page=page)
    except Exception:
        logger.exception("The index could not be brought up to page %s; the sweep will try again", page.pk)


@receiver(page_published, dispatch_uid="search.publish")
def index_published(sender: type[Page], instance: Page, **kwargs: object) -> None:
    """Write the document of a published page; an alias has none."""
    _without_harm(services.index_page, instance)


@receiver(page_unpublished, dispatch_uid="search.unpublish")
def remove_unpublished(sender: type[Page], instance: Page, **kwargs: object) -> None:
    """Remove the document of a page that is unpublished or being deleted."""
    _without_harm(services.remove_page, instance)


@receiver(post_page_move, dispatch_uid="search.move")
def index_moved(sender: type[Page], instance: Page, **kwargs: object) -> None:
    """Look again at who may read a page that has been moved, and those below it."""
    # Only a move into or out of a private part changes anything; where a page is, search asks the page itself.
    _without_harm(services.index_subtree, instance)


@receiver([post_save, post_delete], sender=PageViewRestriction, dispatch_uid="search.privacy")
def index_restricted(sender: type[PageViewRestriction], instance: PageViewRestriction, **kwargs: object) -> None:
    """Look again at a page, and those below it, that have become private or public."""
    if page := Page.objects.filter(pk=instance.page_id).first():
        _without_harm(services.index_subtree, page)
