"""A request put into other words while it waits: by its person alone, read by whoever decides, let go with its drafts."""

import re
from html import unescape

import pytest
from django.test import Client
from django.urls import reverse

from learning.models import Enrolment
from municipalities.errors import ChangedMeanwhile, DecidedAlready, NotYours
from municipalities.models import Membership
from municipalities.services import approve_membership, change_request
from municipalities.views import representing
from tests.factories import learning
from tests.factories import municipalities as make
from tests.factories.accounts import PersonFactory, editor, sign_in

pytestmark = pytest.mark.django_db

MINE = "/en/my/cities/"


@pytest.fixture
def asked() -> Membership:
    return make.membership(state="asked", department="Klimat")


@pytest.fixture
def own(client: Client, asked) -> Client:
    return sign_in(client, asked.person)


def address(membership: Membership, language: str = "en") -> str:
    return f"/{language}/my/cities/{membership.pk}/change/"


def words(response) -> str:
    return unescape(response.content.decode())


def now(membership: Membership) -> tuple[str, str, str]:
    return Membership.objects.values_list("role", "department", "state").get(pk=membership.pk)


def test_the_person_changes_role_and_department_and_the_queue_shows_them(own, asked):
    assert address(asked) in words(own.get(MINE))
    html = words(own.get(address(asked)))
    chosen = re.findall(r'<input[^>]*value="(\w+)"[^>]* checked', html)
    assert (chosen, 'value="Klimat"' in html) == (["member"], True)
    answer = own.post(address(asked), {"role": "coordinator", "department": " Trafik\u202e "})
    assert (answer.status_code, answer.url, now(asked)) == (303, MINE, ("coordinator", "Trafik", "asked"))
    html = words(own.get(MINE))
    assert ("Saved." in html, "<bdi>Trafik</bdi>" in html) == (True, True)
    queue = words(sign_in(Client(), editor()).get(reverse("membership_queue")))
    assert ("<bdi>Trafik</bdi>" in queue, "Coordinator" in queue, "Klimat" in queue) == (True, True, False)
    assert Membership.objects.get().asked_at == asked.asked_at


def test_in_arabic_the_page_runs_from_the_right_and_leads_back(own, asked):
    html = words(own.get(address(asked, "ar")))
    assert ('dir="rtl"' in html, 'href="/ar/my/cities/"' in html) == (True, True)


@pytest.mark.parametrize("given", [{}, {"role": "mayor"}, {"role": "member", "department": "a" * 121}])
def test_a_wrong_answer_gets_a_sentence_and_writes_nothing(own, asked, given):
    response = own.post(address(asked), given)
    sentence = "Write a name of at most 120 characters." if "department" in given else "Choose one of the two."
    assert (response.status_code, sentence in words(response)) == (422, True)
    assert now(asked) == ("member", "Klimat", "asked")


def test_who_proposed_a_city_stays_its_coordinator_and_changes_the_department(client):
    asked = make.coordinator(state="asked", local_government=make.proposed())
    own = sign_in(client, asked.person)
    assert 'name="role"' not in words(own.get(address(asked)))
    own.post(address(asked), {"role": "member", "department": "Trafik"})
    assert now(asked) == ("coordinator", "Trafik", "asked")


@pytest.mark.parametrize("state", ["approved", "declined", "ended"])
def test_what_is_decided_stays_as_it_was_decided(client, state):
    decided = make.membership(state=state, department="Klimat")
    own = sign_in(client, decided.person)
    assert address(decided) not in words(own.get(MINE))
    for answer in (own.get(address(decided), follow=True), own.post(address(decided), {"role": "member"}, follow=True)):
        assert "Somebody has decided this request already." in words(answer)
    assert now(decided) == ("member", "Klimat", state)
    with pytest.raises(DecidedAlready):
        change_request(membership_id=decided.pk, by=decided.person, role="member", department="")


def test_what_is_typed_while_somebody_decides_is_not_lost(own, asked, monkeypatch):
    def decided_first(**given: object) -> Membership:
        approve_membership(membership_id=asked.pk, by=editor())
        return change_request(**given)

    monkeypatch.setattr(representing, "change_request", decided_first)
    answer = own.post(address(asked), {"role": "coordinator", "department": '"Trafik" <b>'})
    html = answer.content.decode()
    assert (answer.status_code, now(asked)) == (409, ("member", "Klimat", "approved"))
    assert "Somebody has decided this request already." in html
    assert 'value="&quot;Trafik&quot; &lt;b&gt;"' in html
    assert re.findall(r'<input[^>]*value="(\w+)"[^>]* checked', html) == ["coordinator"]
    # Sending it again leads to where the decision is read.
    assert own.post(address(asked), {"role": "member", "department": ""}).status_code == 303


def test_a_change_that_is_refused_leaves_its_person_without_the_name_that_came_with_it(client, monkeypatch):
    asked = make.membership(state="asked", person=PersonFactory(display_name=""))
    own = sign_in(client, asked.person)
    given = {"role": "member", "department": "Trafik", "own_name": "Ana"}

    def decided_first(**said: object) -> Membership:
        approve_membership(membership_id=asked.pk, by=editor())
        return change_request(**said)

    with monkeypatch.context() as patched:
        patched.setattr(representing, "change_request", decided_first)
        assert own.post(address(asked), given).status_code == 409
    asked.person.refresh_from_db()
    assert asked.person.display_name == ""
    Membership.objects.update(state="asked", decided_at=None, starts_on=None)
    assert own.post(address(asked), given).status_code == 303
    asked.person.refresh_from_db()
    assert asked.person.display_name == "Ana"


def test_a_request_that_is_gone_while_it_is_changed_is_not_found(own, asked, monkeypatch):
    def gone_first(**given: object) -> Membership:
        Membership.objects.all().delete()
        return change_request(**given)

    monkeypatch.setattr(representing, "change_request", gone_first)
    assert own.post(address(asked), {"role": "member", "department": "Trafik"}).status_code == 404


def test_a_stranger_the_coordinator_and_staff_cannot_change_what_somebody_else_asks_for(asked):
    coordinator = make.coordinator(local_government=asked.local_government).person
    given = {"role": "coordinator", "department": "Trafik"}
    for person in (PersonFactory(), coordinator, editor(), PersonFactory(admin=True)):
        other = sign_in(Client(), person)
        assert (other.get(address(asked)).status_code, other.post(address(asked), given).status_code) == (404, 404)
        with pytest.raises(NotYours):
            change_request(membership_id=asked.pk, by=person, **given)
    assert Client().post(address(asked), given).status_code == 302
    assert now(asked) == ("member", "Klimat", "asked")


def test_who_turns_a_member_s_request_into_a_coordinator_s_after_it_was_read_is_not_approved(asked):
    coordinator = make.coordinator(local_government=asked.local_government).person
    reading = sign_in(Client(), coordinator)
    assert '<input type="hidden" name="seen" value="member:Klimat">' in words(reading.get(MINE))
    change_request(membership_id=asked.pk, by=asked.person, role="coordinator", department="Klimat")
    approve = reverse("membership_approve", args=[asked.pk])
    answer = reading.post(approve, {"seen": "member:Klimat"}, follow=True)
    assert "The person has changed this request since you read it." in words(answer)
    assert now(asked) == ("coordinator", "Klimat", "asked")
    reading.post(approve, {"seen": "coordinator:Klimat"})
    assert now(asked) == ("coordinator", "Klimat", "approved")


def test_staff_approve_in_the_queue_what_they_read(client):
    asked = make.coordinator(state="asked", department='"Klimat" <b>')
    staff = sign_in(client, editor())
    seen = 'value="coordinator:&quot;Klimat&quot; &lt;b&gt;"'
    assert seen in staff.get(reverse("membership_queue")).content.decode()
    change_request(membership_id=asked.pk, by=asked.person, role="coordinator", department="Trafik")
    with pytest.raises(ChangedMeanwhile):
        approve_membership(membership_id=asked.pk, by=editor(), seen=asked.as_asked)
    approve = reverse("membership_queue_approve", args=[asked.pk])
    answer = staff.post(approve, {"seen": asked.as_asked}, follow=True)
    assert "The person has changed this request since you read it." in words(answer)
    staff.post(approve, {"seen": "coordinator:Trafik"})
    assert now(asked) == ("coordinator", "Trafik", "approved")


def test_who_would_rather_be_a_member_lets_the_seats_of_the_drafts_go():
    asked = make.coordinator(state="asked")
    learning.team(learning.cohort(seats=1), "Ana", coordinator=asked)
    change_request(membership_id=asked.pk, by=asked.person, role="coordinator", department="Trafik")
    assert Enrolment.objects.get().state == "drafted"
    change_request(membership_id=asked.pk, by=asked.person, role="member", department="Trafik")
    assert Enrolment.objects.get().state == "lapsed"
