"""Taking people out of registrations: the seat given back, the person gone, the figure kept."""

from collections.abc import Iterable
from contextlib import suppress

from django.db import transaction
from django.db.models import CharField, F, Func, OuterRef, Q, Subquery, Value
from django.db.models.functions import Cast, Concat

from accounts.services import has_account
from core import clock
from core.emailkeys import email_key
from core.personal import Subject
from events.enums import LIVE_STATES, Actor
from events.errors import EventOver
from events.models import Event, Registration, RegistrationChange
from events.querysets import RegistrationQuerySet
from events.services import notices, seats
from events.services.cancelling import cancel
from mail.addresses import ERASED_DOMAIN

NOBODY = "–"


def registrations_of(subject: Subject) -> RegistrationQuerySet:
    """Return the registrations of an account, and those made as a guest with its addresses."""
    mine = Q(person=None, email_key__in=[email_key(one) for one in subject.addresses])
    if subject.person_id is not None:
        mine |= Q(person=subject.person_id)
    return Registration.objects.filter(mine)


@transaction.atomic
def erase_registrations(*, subject: Subject) -> int:
    """Cancel what is still to come, so that its seats go to the next in line, then forget who it was.

    Events are locked first and registrations after them, both in the order of their keys as everywhere, so that
    neither two erasures nor an erasure and a claim of the same registrations wait for each other.
    """
    found = registrations_of(subject)
    coming = found.live().filter(event__ends_at__gt=clock.now())
    events = sorted(set(coming.values_list("event_id", flat=True)))
    for key in events:
        seats.lock(key)
    # Not yet the lock that reminders which are being asked for would wait for: cancelling wants theirs.
    list(found.order_by("pk").select_for_update(of=("self",), no_key=True).values_list("pk", flat=True))
    for key in list(coming.filter(event__in=events).order_by("pk").values_list("pk", flat=True)):
        with suppress(EventOver):
            cancel(registration_id=key)
    mine = _without_seats(found).order_by("pk").select_for_update(of=("self",))
    keys = list(mine.values_list("pk", flat=True))
    forget_people(keys)
    return len(keys)


def _without_seats(found: RegistrationQuerySet) -> RegistrationQuerySet:
    """Return what can be forgotten: a seat taken since the look for what is to come would be nobody's for ever.

    Locking its event now would be out of order. Whoever erases looks once more, by the addresses, and cancels it then.
    """
    return found.exclude(state__in=LIVE_STATES, event__ends_at__gt=clock.now())


def forget_people(keys: Iterable[int]) -> None:
    """Leave of registrations what the report counts: event, state, country, type of organisation, language.

    A new identifier makes every address in old mails and calendar files worthless.
    """
    keys = list(keys)
    rows = Registration.objects.filter(pk__in=keys)
    nowhere = Concat(Value("erased-"), Cast("pk", CharField()), Value(f"@{ERASED_DOMAIN}"))
    rows.update(
        person=None,
        name=NOBODY,
        email=nowhere,
        email_key=nowhere,
        organisation="",
        timezone=Subquery(Event.objects.filter(pk=OuterRef("event_id")).values("timezone")),
        token_version=F("token_version") + 1,
        uuid=Func(function="gen_random_uuid"),
        erased_at=clock.now(),
    )
    history = RegistrationChange.objects.filter(registration__in=keys)
    history.exclude(reason="").update(reason="")
    history.filter(actor=Actor.PERSON).update(by=None)


def goes_with_account(registration: Registration) -> bool:
    """Whether only who opens an account can have it erased: one's own registration keeps the address it was made with.

    An account may have another address since; the one that stands here is then nobody's account.
    """
    return registration.person_id is not None or has_account(email=registration.email)


@transaction.atomic
def ask_to_erase(*, registration_id: int) -> None:
    """Mail a link to the registration's own address that, after one more button, erases what we keep about it.

    Holding the link to one's own page is not enough, since invitations are forwarded. At most one mail an hour.
    """
    registration = Registration.objects.select_related("person").get(pk=registration_id)
    notices.ask_whether_to_erase(registration)
