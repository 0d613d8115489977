"""The account of somebody who has just shown that an address is theirs, made where there is none."""

from allauth.account.models import EmailAddress
from django.db import transaction

from accounts.errors import AddressTaken
from accounts.models import User
from accounts.services.people import create_person, drop_unproved_password
from accounts.signals import address_verified
from core.emailkeys import one_spelling


@transaction.atomic
def person_for(*, email: str, display_name: str = "", language: str) -> tuple[User, bool]:
    """Return the account that goes with an address whose mail the caller knows to have been opened, and if it is new.

    New is one that this call has made or confirmed. A sign-up that nobody ever confirmed is confirmed by it, and loses
    a password that nobody had shown to go with the address. Any other account that was there is returned as it is,
    unproved address and all: mails are forwarded, so its owner still has to sign in. A closed one is returned closed:
    the caller has to look.
    """
    address = one_spelling(email)
    person = _found(address)
    if person is None:
        try:
            with transaction.atomic():
                return create_person(email=address, display_name=display_name, language=language), True
        except AddressTaken:
            # Somebody made it a moment ago.
            person = _found(address)
            if person is None:
                raise
    if is_new := User.objects.unconfirmed().filter(pk=person.pk).exists():
        _confirm(person, address)
    return person, is_new


def _found(address: str) -> User | None:
    person = User.objects.filter(email=address).first()
    if person is not None:
        return person
    confirmed = EmailAddress.objects.filter(email__iexact=address, verified=True).select_related("user").first()
    return confirmed.user if confirmed else None


def _confirm(person: User, address: str) -> None:
    theirs = EmailAddress.objects.filter(user=person)
    known = theirs.filter(email__iexact=address).first() or EmailAddress(user=person, email=address)
    known.primary = known.primary or not theirs.filter(primary=True).exists()
    known.verified = True
    known.save()
    drop_unproved_password(person=person)
    address_verified.send(sender=User, person=person, address=address)
