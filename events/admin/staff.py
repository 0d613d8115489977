"""Who is at work in an admin view."""

from typing import cast

from django.http import HttpRequest

from accounts.models import User


def signed_in(request: HttpRequest) -> User:
    """Return the person; Wagtail lets nobody else reach its views."""
    return cast(User, request.user)
