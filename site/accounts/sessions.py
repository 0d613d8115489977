"""Where a person is signed in, and ending all of it but the session they are in."""

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY, update_session_auth_hash
from django.contrib.sessions.models import Session
from django.http import HttpRequest
from django.utils.crypto import constant_time_compare

from accounts.models import User
from accounts.services import end_sessions
from core import clock


def end_others(request: HttpRequest, person: User) -> None:
    """Sign the person out everywhere else; this session goes on under a new key."""
    end_sessions(person=person)
    if request.user.is_authenticated and request.user.pk == person.pk:
        request.user = person
        update_session_auth_hash(request, person)
        UserSession.objects.create_from_request(request)


def devices_of(person: User) -> list[UserSession]:
    """Return where somebody who is signed in now is so, the longest first, and forget what has ended.

    Two statements, one more if anything has ended; allauth's own list asks for the person anew for each session.
    """
    known = list(UserSession.objects.filter(user=person).order_by("created_at", "pk"))
    stored = Session.objects.filter(session_key__in=[one.session_key for one in known], expire_date__gt=clock.now())
    open_ones = {one.session_key for one in stored if _is_of(person, one.get_decoded())}
    if ended := [one.pk for one in known if one.session_key not in open_ones]:
        UserSession.objects.filter(pk__in=ended).delete()
    return [one for one in known if one.session_key in open_ones]


def _is_of(person: User, said: dict[str, str]) -> bool:
    """Whether a session with this in it still lets the person in, as Django decides it at each request."""
    if said.get(SESSION_KEY) != str(person.pk) or said.get(BACKEND_SESSION_KEY) not in settings.AUTHENTICATION_BACKENDS:
        return False
    proofs = [person.get_session_auth_hash(), *person.get_session_auth_fallback_hash()]
    return any(constant_time_compare(said.get(HASH_SESSION_KEY, ""), proof) for proof in proofs)
