"""Ending a person's sessions but the one they are in."""

from allauth.usersessions.models import UserSession
from django.contrib.auth import update_session_auth_hash
from django.http import HttpRequest

from accounts.models import User
from accounts.services import end_sessions


def end_others(request: HttpRequest, person: User) -> None:
    """Sign the person out everywhere else; this session goes on under a new key."""
    end_sessions(person=person)
    if request.user.is_authenticated and request.user.pk == person.pk:
        request.user = person
        update_session_auth_hash(request, person)
        UserSession.objects.create_from_request(request)
