"""Who may do what with accounts."""

from django.contrib.auth.models import AnonymousUser

from accounts.models import User

ACCESS_ADMIN = "wagtailadmin.access_admin"
HANDLE_PERSONAL_DATA = "accounts.handle_personal_data"


def can_reach_admin(user: User | AnonymousUser) -> bool:
    """Tell whether this visitor may open the editing pages, the second factor aside."""
    return bool(user.is_authenticated and user.has_perm(ACCESS_ADMIN))


def can_manage(actor: User, person: User) -> bool:
    """Tell whether one may edit another's account: nobody below an administrator touches an administrator.

    Otherwise a right to edit people would be a right to become anyone, by giving their account another address.
    """
    return actor.is_superuser or not person.is_superuser


def can_give_rights(actor: User) -> bool:
    """Tell whether one may put people into groups or make them administrators: only an administrator may."""
    return actor.is_superuser


def can_handle_personal_data(user: User | AnonymousUser) -> bool:
    """Tell whether one may read all that is kept about anybody, and erase it; no group has this by itself."""
    return can_reach_admin(user) and user.has_perm(HANDLE_PERSONAL_DATA)
