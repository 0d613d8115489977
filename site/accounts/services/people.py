"""Making people, changing them, and ending their sessions."""

from collections.abc import Iterable
from typing import Any

from allauth.account.models import EmailAddress
from django.contrib.auth.models import Group
from django.contrib.sessions.models import Session
from django.db import IntegrityError, transaction
from django.db.models import F

from accounts import mails
from accounts.errors import AddressTaken, UnknownGroup
from accounts.models import User
from core import clock, text
from core.emailkeys import one_spelling

PROFILE_FIELDS = frozenset(
    {"display_name", "language", "timezone", "country", "organisation", "organisation_type", "gender", "role"}
)
LINES = ("display_name", "organisation", "role")


@transaction.atomic
def create_person(
    *,
    email: str,
    password: str | None = None,
    groups: Iterable[str] = (),
    is_superuser: bool = False,
    verified: bool = True,
    **profile: Any,
) -> User:
    """Make a person who signs in with `email`; returns the saved User.

    `profile` takes the fields of PROFILE_FIELDS. `verified` says that the address is known to be theirs;
    otherwise they confirm it when they first sign in. Without a password they sign in by mailed code or
    passkey. Raises AddressTaken, UnknownGroup, and ValidationError for a bad field.
    """
    wanted = list(groups)
    person = User(email=email, is_superuser=is_superuser, is_staff=is_superuser or bool(wanted))
    _set_profile(person, profile)
    person.set_password(password)
    person.clean()
    if is_taken(email=person.email):
        raise AddressTaken
    # Whether it is taken in this very moment, the database says.
    person.full_clean(validate_unique=False)
    try:
        with transaction.atomic():
            person.save()
            EmailAddress.objects.create(user=person, email=person.email, primary=True, verified=verified)
    except IntegrityError as taken:
        raise AddressTaken from taken
    put_in_groups(person=person, groups=wanted)
    return person


@transaction.atomic
def invite_person(*, email: str, **fields: Any) -> User:
    """Make a person by staff's hand and write to them how to sign in; takes what `create_person` takes."""
    person = create_person(email=email, verified=False, **fields)
    mails.enqueue_letter(name="invitation", to=person.email, facts={"user": person})
    return person


def is_taken(*, email: str, besides: User | None = None) -> bool:
    """Tell staff and programs whether somebody (else) has an account under this address. Visitors are never told."""
    pk = besides.pk if besides else None
    others = EmailAddress.objects.filter(email=one_spelling(email), verified=True).exclude(user=pk)
    return User.objects.filter(email=one_spelling(email)).exclude(pk=pk).exists() or others.exists()


@transaction.atomic
def put_in_groups(*, person: User, groups: Iterable[str]) -> None:
    """Make the named groups the person's groups; raises UnknownGroup if one does not exist."""
    names = set(groups)
    found = list(Group.objects.filter(name__in=names))
    if len(found) != len(names):
        raise UnknownGroup
    person.groups.set(found)


@transaction.atomic
def update_profile(*, person: User, **changes: Any) -> User:
    """Change fields of PROFILE_FIELDS; the rest of the person is left alone. Raises ValidationError.

    The admin's own copy of language and zone follows, so that a person has one of each.
    """
    _set_profile(person, changes)
    person.clean_fields(exclude=[field.name for field in User._meta.fields if field.name not in changes])
    person.save(update_fields=sorted(changes))
    if {"language", "timezone"} & set(changes):
        follow_in_admin(person=person)
    return person


def follow_in_admin(*, person: User) -> None:
    """Bring language and zone of the person's Wagtail profile, if there is one, into line with the person."""
    from wagtail.users.models import UserProfile

    UserProfile.objects.filter(user=person).update(
        preferred_language=admin_language(person.language), current_time_zone=person.timezone[:40]
    )


def admin_language(code: str) -> str:
    """Return Wagtail's name for a language of ours: it has two kinds of Portuguese and no plain one."""
    return {"pt": "pt-pt"}.get(code, code)


@transaction.atomic
def change_address(*, person: User, email: str) -> User:
    """Give the person another address by staff's hand: they confirm it at their next sign-in.

    Old addresses stop working at once, and all sessions end. Raises AddressTaken and ValidationError.
    """
    before = person.email
    person.email = email
    person.clean()
    if person.email == before:
        return person
    person.clean_fields(exclude=[field.name for field in User._meta.fields if field.name != "email"])
    if is_taken(email=person.email, besides=person):
        person.email = before
        raise AddressTaken
    try:
        with transaction.atomic():
            person.save(update_fields=["email"])
    except IntegrityError as taken:
        person.email = before
        raise AddressTaken from taken
    EmailAddress.objects.filter(user=person).delete()
    EmailAddress.objects.create(user=person, email=person.email, primary=True, verified=False)
    return end_sessions(person=person)


def end_sessions(*, person: User) -> User:
    """Sign the person out everywhere, at once; returns the person with the new generation of sessions."""
    User.objects.filter(pk=person.pk).update(session_generation=F("session_generation") + 1)
    person.refresh_from_db(fields=["session_generation"])
    return person


def end_all_sessions() -> int:
    """Sign everybody out everywhere, at once; returns how many people there are."""
    return User.objects.update(session_generation=F("session_generation") + 1)


def forget_expired_sessions() -> None:
    """Delete the sessions whose time is over."""
    Session.objects.filter(expire_date__lt=clock.now()).delete()


def set_active(*, person: User, active: bool) -> User:
    """Open or close an account; closing it ends all sessions for good (a trigger sees to that)."""
    person.is_active = active
    person.save(update_fields=["is_active"])
    person.refresh_from_db(fields=["session_generation"])
    return person


def drop_unproved_password(*, person: User) -> None:
    """Forget a password that was chosen before the address was known to be the person's.

    Somebody else may have signed up with this address and wait for its owner to confirm it; their password must
    not open the account that the owner then uses.
    """
    if person.has_usable_password():
        person.set_unusable_password()
        person.save(update_fields=["password"])


@transaction.atomic
def forget_unconfirmed(*, keys: Iterable[int]) -> None:
    """Delete those of these sign-ups whose address nobody ever confirmed. Accounts made by staff stay."""
    stale = User.objects.unconfirmed().filter(pk__in=list(keys))
    for person in stale.select_for_update(of=("self",)):
        person.delete()


def _set_profile(person: User, changes: dict) -> None:
    unknown = set(changes) - PROFILE_FIELDS
    if unknown:
        raise TypeError(f"Not fields of a profile: {', '.join(sorted(unknown))}.")
    for name, value in changes.items():
        setattr(person, name, text.single_line(value) if name in LINES else value)
