"""What happens to pages, led to the services; thin on purpose."""

from functools import partial

from django.db import transaction
from django.db.models.signals import post_delete
from django.dispatch import receiver
from wagtail.signals import page_published

from events.models import WebinarPage
from events.services import hand_over_source, project_event


@receiver(page_published, sender=WebinarPage, dispatch_uid="events.project")
def project(sender: type[WebinarPage], instance: WebinarPage, **kwargs: object) -> None:
    """Write the event record in the transaction that publishes its page."""
    project_event(page=instance)


@receiver(post_delete, sender=WebinarPage, dispatch_uid="events.hand_over")
def hand_over(sender: type[WebinarPage], instance: WebinarPage, **kwargs: object) -> None:
    """Let another language speak for the event of a deleted page, once no other page can go with it; else the sweep."""
    transaction.on_commit(partial(hand_over_source, translation_key=instance.translation_key), robust=True)
