"""What follows from a change to a local government or a membership; thin on purpose."""

from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver

from core import pagecache
from municipalities import waiting
from municipalities.models import HeldDecision, LocalGovernment, Membership


@receiver([post_save, post_delete], sender=LocalGovernment, dispatch_uid="municipalities.purge")
def purge_lists(sender: type[LocalGovernment], **kwargs: object) -> None:
    """Let go of the kept pages that show cities."""
    pagecache.purge("list:cities")


@receiver([post_save, post_delete], sender=Membership, dispatch_uid="municipalities.count_memberships")
@receiver([post_save, post_delete], sender=LocalGovernment, dispatch_uid="municipalities.count_cities")
@receiver([post_save, post_delete], sender=HeldDecision, dispatch_uid="municipalities.count_held")
def count_anew(sender: type[LocalGovernment | Membership | HeldDecision], **kwargs: object) -> None:
    """Let the menu count again what waits for staff."""
    waiting.forget()
