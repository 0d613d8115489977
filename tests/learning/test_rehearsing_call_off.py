"""What staff see before they call a cohort off: who would be told, and how it would read."""

import pytest
from django.test import Client
from django.urls import reverse

from accounts import roles
from learning.audiences import CalledOff
from learning.models import Cohort, Enrolment
from learning.services import call_off_cohort, join, notices
from mail import rehearsal, rendering
from mail.admin.message import frame_policy
from tests.factories import accounts
from tests.factories import learning as make
from tests.learning import teamwork

pytestmark = pytest.mark.django_db


@pytest.fixture
def cohort() -> Cohort:
    """A cohort in which Ana, Bo and Cy hold seats or wait for one; Bo was invited by two cities and has joined one's team."""
    found = make.cohort(seats=3)
    ana = make.invited(found, "Ana")
    Enrolment.objects.filter(pk=ana.pk).update(language="fr")
    make.invited(found, "Bo")
    join(enrolment_id=make.invited(found, "Bo").pk)
    make.invited(found, "Cy")
    return found


def signed_in(group: str) -> Client:
    return accounts.sign_in(Client(), accounts.PersonFactory(groups=[group]))


def test_who_would_be_told_is_counted_as_they_are_told(cohort):
    found = rehearsal.rehearse(CalledOff(cohort))
    call_off_cohort(cohort_id=cohort.pk)
    told = teamwork.mails(notices.CALLED_OFF)
    assert (found.total, sorted(CalledOff(cohort).addresses())) == (3, sorted(one.to_address for one in told))
    assert dict(found.by_language) == {"English": 2, "français": 1}
    assert sum(number for _zone, number in found.by_zone) == sum(number for _state, number in found.by_state) == 3
    sent = next(rendering.render(one) for one in told if one.language == "en")
    sample = next(one for one in found.samples if one.language == "en").content
    assert (sample.subject, "This cohort has been cancelled." in sample.text) == (sent.subject, True)


def test_the_screen_shows_counts_and_samples_before_the_button_is_pressed(cohort):
    editor = signed_in(roles.EDITORS)
    shown = " ".join(editor.get(reverse("cohorts:call_off", args=[cohort.pk])).content.decode().split())
    address = reverse("cohorts:call_off_sample", args=[cohort.pk, "fr"])
    assert ["3 people would get this." in shown, "français</bdi></th><td>1</td>" in shown, address in shown] == [
        True
    ] * 3
    assert [name in shown for name in ("ana@example.org", "Bo<")] == [False, False]
    answer = editor.get(address)
    assert (answer.status_code, answer["Content-Security-Policy"]) == (200, frame_policy())
    assert '<html lang="fr"' in answer.content.decode()
    cohort.refresh_from_db()
    assert (cohort.is_called_off, teamwork.mails(notices.CALLED_OFF)) == (False, [])


def test_who_may_not_call_off_reads_no_rehearsal(cohort):
    manager = signed_in(roles.EVENT_MANAGERS)
    for browser in (manager, Client()):
        for name, more in (("call_off", []), ("call_off_sample", ["en"])):
            assert browser.get(reverse(f"cohorts:{name}", args=[cohort.pk, *more])).status_code == 302


def test_the_rehearsal_costs_the_same_however_many_there_are(django_assert_num_queries):
    for number in (1, 3):
        cohort = make.cohort()
        make.team(cohort, *("Ana", "Bo", "Cy")[:number])
        rehearsal.rehearse(CalledOff(cohort))
        with django_assert_num_queries(5):
            assert rehearsal.rehearse(CalledOff(cohort)).total == number
