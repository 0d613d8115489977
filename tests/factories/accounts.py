"""People for tests, and how to sign them in."""

from typing import Any

import factory
from allauth.account.internal.flows.login import (
    _AUTHENTICATION_METHODS_USER_SESSION_KEY,
    AUTHENTICATION_METHODS_SESSION_KEY,
)
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.contrib.auth.models import Group
from django.test import Client

from accounts import roles
from accounts.models import User
from core import clock

PASSWORD = "a long enough passphrase"


class PersonFactory(factory.django.DjangoModelFactory):
    """A person with a confirmed address, who signs in with PASSWORD; `email`, `language` and the rest as given."""

    class Meta:
        model = User
        skip_postgeneration_save = True

    class Params:
        admin = factory.Trait(is_superuser=True, is_staff=True)

    email = factory.Sequence(lambda number: f"person{number}@city.example")
    display_name = factory.Sequence(lambda number: f"Person {number}")
    password = factory.django.Password(PASSWORD)

    @factory.post_generation
    def verified(person: User, create: bool, given: bool | None, **kwargs: Any) -> None:  # noqa: N805
        """Give the person an address in allauth's table; `verified=False` leaves it unconfirmed."""
        if create:
            EmailAddress.objects.create(user=person, email=person.email, primary=True, verified=given is not False)

    @factory.post_generation
    def groups(person: User, create: bool, given: list[str] | None, **kwargs: Any) -> None:  # noqa: N805
        """Put the person into the groups of these names."""
        if create and given:
            person.groups.set(Group.objects.filter(name__in=given))


def editor(**fields: Any) -> User:
    """Return a new person of the group of editors."""
    return PersonFactory(groups=[roles.EDITORS], is_staff=True, **fields)


def give_factor(person: User) -> Authenticator:
    """Return the person's authenticator app, set up now if they have none."""
    found = Authenticator.objects.filter(user=person, type=Authenticator.Type.TOTP).first()
    return found or TOTP.activate(person, generate_totp_secret()).instance


def sign_in(client: Client, person: User, *, factor: bool = True) -> Client:
    """Sign the person in as allauth would after password and code; without `factor` as after a password alone.

    Client.force_login knows nothing of what allauth keeps about a session, so staff would be sent away.
    """
    client.force_login(person)
    now = clock.now().timestamp()
    records: list[dict[str, Any]] = [{"method": "password", "at": now, "email": person.email}]
    if factor:
        authenticator = give_factor(person)
        records.append({"method": "mfa", "at": now, "id": authenticator.pk, "type": str(authenticator.type)})
    session = client.session
    session[AUTHENTICATION_METHODS_SESSION_KEY] = records
    session[_AUTHENTICATION_METHODS_USER_SESSION_KEY] = str(person.pk)
    session.save()
    return client
