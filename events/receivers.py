"""What happens to pages, led to the services; thin on purpose."""

from django.dispatch import receiver
from wagtail.signals import page_published

from events.models import WebinarPage
from events.services import project_event


@receiver(page_published, sender=WebinarPage, dispatch_uid="events.project")
def project(sender: type[WebinarPage], instance: WebinarPage, **kwargs: object) -> None:
    """Write the event record in the transaction that publishes its page."""
    project_event(page=instance)
