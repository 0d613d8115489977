"""What happens to pages, led to the services; thin on purpose."""

from functools import partial

from django.db import transaction
from django.db.models.functions import Length
from django.db.models.signals import post_delete
from django.dispatch import receiver
from wagtail.models import Page
from wagtail.signals import page_published, page_unpublished, post_page_move

from learning import services
from learning.models import CoursePage, ModulePage, UnitPage

PAGE_TYPES = (CoursePage, ModulePage, UnitPage)


def _courses_around(*paths: str) -> list[CoursePage]:
    """Return the course pages at or above the given places of the tree, the deepest first."""
    above = {path[:end] for path in paths for end in range(Page.steplen, len(path) + 1, Page.steplen)}
    return list(CoursePage.objects.filter(path__in=above).order_by(-Length("path")))


@receiver(page_published, dispatch_uid="learning.publish")
def project_published(sender: type[Page], instance: Page, **kwargs: object) -> None:
    """Bring the course round a published page up to its pages."""
    if issubclass(sender, PAGE_TYPES) and instance.live and not instance.alias_of_id:
        for page in _courses_around(instance.path):
            services.project_course(page=page)


@receiver(page_unpublished, dispatch_uid="learning.unpublish")
def withdraw_unpublished(sender: type[Page], instance: Page, **kwargs: object) -> None:
    """Take what is unpublished or deleted out of what is taught."""
    if issubclass(sender, PAGE_TYPES):
        services.withdraw(page=instance)


@receiver(post_page_move, dispatch_uid="learning.move")
def project_moved(
    sender: type[Page], instance: Page, parent_page_before: Page, parent_page_after: Page, **kwargs: object
) -> None:
    """Bring the course that a page moved into, and the one it left, up to their pages."""
    # Where the page is now goes first, so that the course it left finds it taken over rather than gone.
    if issubclass(sender, PAGE_TYPES):
        for page in _courses_around(parent_page_after.path):
            services.project_course(page=page)
        if parent_page_before.pk != parent_page_after.pk:
            for page in _courses_around(parent_page_before.path):
                services.project_course(page=page)


@receiver(post_delete, sender=CoursePage, dispatch_uid="learning.hand_over")
def hand_over(sender: type[CoursePage], instance: CoursePage, **kwargs: object) -> None:
    """Let another language speak for a deleted page's course, once no other page can go with it; else the sweep."""
    transaction.on_commit(partial(services.hand_over_course, translation_key=instance.translation_key), robust=True)
