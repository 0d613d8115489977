"""What follows from a change to a local government; thin on purpose."""

from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver

from core import pagecache
from municipalities.models import LocalGovernment


@receiver([post_save, post_delete], sender=LocalGovernment, dispatch_uid="municipalities.purge")
def purge_lists(sender: type[LocalGovernment], **kwargs: object) -> None:
    """Let go of the kept pages that show cities."""
    pagecache.purge("list:cities")
