"""Taking people out of enrolments: the seat given back, the person gone, the figure kept."""

from collections.abc import Iterable
from contextlib import suppress

from django.db import transaction
from django.db.models import CharField, Func, Q, Value
from django.db.models.functions import Cast, Concat

from core import clock
from core.emailkeys import email_key
from core.personal import Subject
from learning.enums import LEAVABLE_STATES, Actor
from learning.errors import CohortOver
from learning.models import Enrolment, EnrolmentChange, TeamRequest
from learning.querysets_enrolments import EnrolmentQuerySet
from learning.services import seats
from learning.services.leaving import withdraw_enrolment
from learning.services.sending import lapse_locked
from mail.addresses import ERASED_DOMAIN
from municipalities.models import Membership
from municipalities.services import locks

NOBODY = "–"


def enrolments_of(subject: Subject) -> EnrolmentQuerySet:
    """Return the enrolments of an account, and those that its addresses were invited to and nobody joined."""
    mine = Q(person=None, email_key__in=[email_key(one) for one in subject.addresses])
    if subject.person_id is not None:
        mine |= Q(person=subject.person_id)
    return Enrolment.objects.filter(mine)


@transaction.atomic
def erase_enrolments(*, subject: Subject) -> int:
    """End what is open, so that its seats go to the next in line, let go what the person drafted, forget who it was.

    Cities are locked before cohorts, and both in the order of their keys, as everywhere.
    """
    found = enrolments_of(subject)
    drafts = TeamRequest.objects.drafts().filter(coordinator__isnull=False, coordinator=subject.person_id)
    cities = Membership.objects.filter(person=subject.person_id).values_list("local_government_id", flat=True)
    for city in sorted(set(cities)):
        locks.local_government(city)
    open_ones = found.filter(state__in=LEAVABLE_STATES)
    concerned = {*open_ones.values_list("cohort_id", flat=True), *drafts.values_list("cohort_id", flat=True)}
    cohorts = {key: seats.lock(key) for key in sorted(concerned)}
    found_drafts = list(drafts.filter(cohort__in=cohorts))
    for key, cohort in cohorts.items():
        if teams := [one for one in found_drafts if one.cohort_id == key]:
            lapse_locked(cohort, *teams)
    for key in list(open_ones.filter(cohort__in=cohorts).order_by("cohort_id", "pk").values_list("pk", flat=True)):
        with suppress(CohortOver):
            withdraw_enrolment(enrolment_id=key, by=None)
    over = [key for key, cohort in cohorts.items() if cohort.is_over()]
    # Somebody may have been enrolled meanwhile: whoever erases looks once more, by the addresses.
    settled = found.exclude(state__in=LEAVABLE_STATES) | found.filter(cohort__in=over)
    keys = list(settled.order_by("pk").values_list("pk", flat=True))
    forget_people(keys)
    return len(keys)


def forget_people(keys: Iterable[int]) -> None:
    """Leave of enrolments what the report counts: cohort, city, state, dates, language, units read.

    A new identifier makes every link in old mails worthless.
    """
    keys = list(keys)
    rows = Enrolment.objects.filter(pk__in=keys)
    nowhere = Concat(Value("erased-"), Cast("pk", CharField()), Value(f"@{ERASED_DOMAIN}"))
    rows.update(
        person=None,
        name=NOBODY,
        email=nowhere,
        email_key=nowhere,
        department="",
        uuid=Func(function="gen_random_uuid"),
        erased_at=clock.now(),
    )
    history = EnrolmentChange.objects.filter(enrolment__in=keys)
    history.exclude(reason="").update(reason="")
    history.filter(actor=Actor.PERSON).update(by=None)


def forget_learners(keys: Iterable[int]) -> None:
    """Forget who took part in a cohort that is long over, and who enrolled them."""
    keys = list(keys)
    forget_people(keys)
    TeamRequest.objects.filter(enrolments__in=keys).update(coordinator=None)
    EnrolmentChange.objects.filter(enrolment__in=keys).update(by=None)
