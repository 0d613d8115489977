"""Who is at work in a view that only signed-in people reach."""

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from accounts.models import User


def signed_in(request: HttpRequest) -> User:
    """Return the person of a request; raises PermissionDenied where a view forgot to ask for one."""
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user
