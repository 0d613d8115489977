"""Ending an account: sessions, factors, addresses, the traces it left in the admin, and the person last."""

from collections.abc import Iterable
from typing import Any

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.db import connection, transaction
from django.db.models import OuterRef, QuerySet, Subquery
from django.utils.module_loading import import_string
from wagtail.models import ModelLogEntry
from wagtail.users.models import UserProfile

from accounts import consent
from accounts.models import ConsentRecord, User
from core.emailkeys import one_spelling
from core.personal import Subject

NOBODY = "–"


def consents_of(subject: Subject) -> QuerySet[ConsentRecord]:
    """Return the decisions of an account, and those given with its addresses as a guest."""
    hashes = [one for address in subject.addresses for one in consent.address_hashes(address)]
    guests = ConsentRecord.objects.filter(person=None, email_hash__in=hashes)
    if subject.person_id is None:
        return guests
    return guests | ConsentRecord.objects.filter(person=subject.person_id)


def withdraw_consents(*, subject: Subject) -> int:
    """Write down that everything somebody agreed to ended with their erasure; returns how many consents stood.

    The log is proof (GDPR Article 7(1)), so its rows stay, under a keyed hash of the address, until the time after a
    withdrawal is over.
    """
    newest = consents_of(subject).order_by("email_hash", "purpose", "-recorded_at", "-pk")
    standing = [one for one in newest.distinct("email_hash", "purpose") if one.given]
    for one in standing:
        one.pk, one._state.adding = None, True
        one.person_id, one.given, one.channel = None, False, "erasure"
        one.recorded_at = ConsentRecord._meta.get_field("recorded_at").get_default()
        one.save(force_insert=True)
    return len(standing)


def withdrawn_consents() -> QuerySet[ConsentRecord]:
    """Return all decisions with `ended`: when the newest of the same address and purpose took the consent back."""
    newest = ConsentRecord.objects.filter(email_hash=OuterRef("email_hash"), purpose=OuterRef("purpose"))
    newest = newest.order_by("-recorded_at", "-pk")
    rows = ConsentRecord.objects.annotate(
        stands=Subquery(newest.values("given")[:1]), ended=Subquery(newest.values("recorded_at")[:1])
    )
    return rows.filter(stands=False)


@transaction.atomic
def delete_consents(keys: Iterable[Any]) -> None:
    """Delete decisions with all others of the same address and purpose, so that no older yes outlives its no.

    Somebody may agree anew at this moment: what then stands is left as it is, and what comes later than this looks is
    not deleted. The trigger that keeps the log append-only lets this pass in this transaction alone.
    """
    group = ConsentRecord.objects.filter(email_hash=OuterRef("email_hash"), purpose=OuterRef("purpose"))
    over = withdrawn_consents().filter(pk__in=list(keys))
    over = over.annotate(last=Subquery(group.order_by("-pk").values("pk")[:1]))
    groups = set(over.values_list("email_hash", "purpose", "last"))
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('gkec.consent_retention', 'on', true)")
        for email_hash, purpose, last in sorted(groups):
            rows = ConsentRecord.objects.filter(email_hash=email_hash, purpose=purpose, pk__lte=last)
            rows._raw_delete(connection.alias)
        cursor.execute("SELECT set_config('gkec.consent_retention', 'off', true)")


@transaction.atomic
def erase_account(*, subject: Subject) -> int:
    """Delete the account, or sign-ups with the addresses that nobody confirmed; returns how many people went.

    Pages, pictures and revisions stay, with nobody for an owner. Entries of the admin's history keep the number of
    the account, which leads nowhere any more.
    """
    if subject.person_id is None:
        people = User.objects.unconfirmed().filter(email__in=[one_spelling(one) for one in subject.addresses])
    else:
        people = User.objects.filter(pk=subject.person_id)
    keys = list(people.order_by("pk").values_list("pk", flat=True))
    gone = list(User.objects.filter(pk__in=keys).order_by("pk").select_for_update())
    for person in gone:
        _end(person)
    return len(gone)


def _end(person: User) -> None:
    store = import_string(f"{settings.SESSION_ENGINE}.SessionStore")
    for key in UserSession.objects.filter(user=person).values_list("session_key", flat=True):
        # From the cache too: deleting the rows alone would leave the session open there.
        store(key).delete()
    profile = UserProfile.objects.filter(user=person).first()
    if profile and profile.avatar:
        file = profile.avatar
        transaction.on_commit(lambda: file.storage.delete(file.name))
    # The admin's history names people by name or address in the title of each entry about them.
    about = ContentType.objects.get_for_model(User)
    ModelLogEntry.objects.filter(content_type=about, object_id=str(person.pk)).update(label=NOBODY, data={})
    person.delete()
