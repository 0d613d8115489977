"""The staff's queue of requests: what stands in it, what is decided there, who may, and the count in the menu."""

import re
from html import unescape

import pytest
from bs4 import BeautifulSoup
from django.test import Client
from django.urls import reverse

from accounts import roles
from core import clock
from municipalities import services
from municipalities.admin.requests import QueueView
from municipalities.models import LocalGovernment, Membership
from tests.factories import municipalities as make
from tests.factories.accounts import PersonFactory, editor, sign_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff(client: Client) -> Client:
    return sign_in(client, editor())


def queue(client: Client) -> str:
    return unescape(client.get(reverse("membership_queue")).content.decode())


def act(client: Client, membership, verb: str, **given: object):
    return client.post(reverse(f"membership_queue_{verb}", args=[membership.pk]), given)


def standing(asked: Membership) -> tuple[str, LocalGovernment, str]:
    """Return the state of a request, its city, and how that stands."""
    asked.refresh_from_db()
    return asked.state, asked.local_government, asked.local_government.standing


def kept(html: str) -> str:
    """Return what stands in the one field for a reason."""
    [tag] = re.findall(r'<input[^>]* name="reason"[^>]*>', html)
    value = re.search(r' value="([^"]*)"', tag)
    return unescape(value.group(1)) if value else ""


def test_the_queue_shows_what_nobody_else_can_decide_the_oldest_first(staff):
    first = make.coordinator(
        state="asked", department="Klimat", person=PersonFactory(display_name="Ana", email="ana@city.example")
    )
    of_coordinator = PersonFactory(display_name="Of the coordinator")
    make.membership(state="asked", person=of_coordinator, local_government=make.coordinator().local_government)
    last = make.coordinator(state="asked", asked_at=clock.now(), local_government=make.proposed(name="Atlantis"))
    html = queue(staff)
    for said in ("Ana", "ana@city.example", "Klimat", "Atlantis", "Not listed yet", "Complete the city first"):
        assert said in html
    assert html.index(f"request-{first.pk}") < html.index(f"request-{last.pk}")
    assert "Of the coordinator" not in html
    assert "City requests (2)" in html


def test_somebody_without_a_name_stands_in_the_queue_once(staff):
    make.coordinator(state="asked", person=PersonFactory(display_name="", email="ana@city.example"))
    assert queue(staff).count("ana@city.example") == 1


def test_a_proposed_city_leads_back_to_the_queue_with_what_comes_next(staff):
    city = make.proposed(name="Atlantis")
    make.coordinator(state="asked", local_government=city)
    address = reverse("local_governments:edit", args=[city.pk])

    def saved(**changes: object) -> str:
        fields = staff.get(address).context["form"].initial
        given = {name: value for name, value in fields.items() if value is not None}
        answer = staff.post(address, {**given, **changes})
        assert (answer.status_code, answer.url) == (302, reverse("membership_queue"))
        return queue(staff)

    listed = make.local_government()
    assert "needs its kind, world region and time zone." in saved(population_year="")
    html = saved(kind=listed.kind_id, subregion=listed.subregion_id, timezone=listed.timezone)
    assert "The city has all that it needs: approve who asked for it, and it is listed." in html
    assert "List the city and approve" in html


def test_an_empty_queue_says_so_and_the_menu_counts_nothing(staff):
    html = queue(staff)
    assert "Nothing waits for a decision." in html
    assert "City requests (" not in html


def test_staff_approve_in_the_row_and_the_count_goes_down(staff):
    asked = make.coordinator(state="asked")
    response = act(staff, asked, "approve")
    assert (response.status_code, response.url) == (302, reverse("membership_queue"))
    asked.refresh_from_db()
    assert asked.state == "approved"
    html = queue(staff)
    assert "The person represents the city now." in html
    assert "City requests (" not in html


def test_staff_decline_with_a_reason(staff):
    asked = make.coordinator(state="asked")
    act(staff, asked, "decline", reason="We could not reach the city")
    asked.refresh_from_db()
    assert (asked.state, asked.reason) == ("declined", "We could not reach the city")


@pytest.mark.parametrize("typed", ["", " ", "a" * 301, '"' + "b" * 300])
def test_a_reason_that_will_not_do_comes_back_as_it_was_typed(staff, typed):
    asked = make.coordinator(state="asked", person=PersonFactory(display_name="<b>Ana"))
    answer = act(staff, asked, "decline", reason=typed)
    html = answer.content.decode()
    assert (answer.status_code, kept(html)) == (422, typed)
    assert html.count("Write a reason of at most 300 characters: the person reads it.") == 2
    assert (f'href="{reverse("membership_queue")}"' in html, "<b>Ana" in html) == (True, False)
    asked.refresh_from_db()
    assert asked.state == "asked"


def test_a_reason_for_what_a_colleague_has_decided_meanwhile_is_not_lost(staff):
    approved = make.coordinator()
    answer = act(staff, approved, "decline", reason="We could not reach the city")
    html = answer.content.decode()
    assert (answer.status_code, kept(html)) == (409, "We could not reach the city")
    assert "Somebody has decided this request already." in html
    approved.refresh_from_db()
    assert approved.state == "approved"


def test_declining_a_proposed_city_refuses_it(staff):
    asked = make.coordinator(state="asked", local_government=make.proposed())
    act(staff, asked, "decline", reason="It is a company")
    asked.refresh_from_db()
    assert (asked.state, asked.reason, asked.local_government.standing) == ("declined", "It is a company", "retired")


@pytest.mark.parametrize("number", [1, 3])
def test_declining_a_proposed_city_says_beforehand_how_many_it_tells(staff, number):
    city = make.proposed()
    for _ in range(number):
        make.coordinator(state="asked", local_government=city)
    make.coordinator(state="declined", local_government=city)
    make.coordinator(state="asked")
    said = "Declining tells 3 people: everybody who asked for this city."
    assert queue(staff).count(said) == (3 if number == 3 else 0)
    assert ("Declining tells" in queue(staff)) == (number == 3)


def test_a_proposed_city_is_completed_then_listed_with_its_coordinator(staff):
    asked = make.coordinator(state="asked", local_government=make.proposed())
    act(staff, asked, "approve")
    assert "A listed local government needs its kind, world region and time zone." in queue(staff)
    known = make.local_government()
    LocalGovernment.objects.filter(pk=asked.local_government_id).update(
        kind=known.kind, subregion=known.subregion, timezone=known.timezone
    )
    assert "List the city and approve" in queue(staff)
    act(staff, asked, "approve")
    asked.refresh_from_db()
    assert (asked.state, asked.local_government.standing) == ("approved", "active")


def test_a_proposed_city_is_merged_into_one_of_its_country(staff):
    same = make.local_government(name="Göteborg")
    make.local_government(name="Oslo", country="NO")
    asked = make.coordinator(state="asked", local_government=make.proposed(name="Gothenburg"))
    html = queue(staff)
    assert (f'<option value="{same.pk}">Göteborg</option>' in html, "Oslo" in html) == (True, False)
    # Nobody merges what they have not chosen.
    assert f'id="same-{asked.pk}" required><option value="">Choose</option>' in html
    act(staff, asked, "merge", same_as=same.pk)
    asked.refresh_from_db()
    assert (asked.local_government, asked.state) == (same, "asked")
    assert "The requests belong to \u2068Göteborg\u2069 now." in queue(staff)


@pytest.mark.parametrize("given", ["", "x", "0", "999999", "٣"])
def test_a_merge_into_nothing_is_refused_in_words(staff, given):
    asked = make.coordinator(state="asked", local_government=make.proposed())
    act(staff, asked, "merge", same_as=given)
    asked.refresh_from_db()
    assert asked.local_government.standing == "pending"
    assert "This city cannot be represented here." in queue(staff)


def test_a_request_that_is_gone_or_decided_is_told_in_words(staff):
    for verb in ("approve", "decline"):
        staff.post(reverse(f"membership_queue_{verb}", args=[999999]), {"reason": "x"})
        assert "This request is gone." in queue(staff)
    ended = make.coordinator(state="ended")
    act(staff, ended, "approve")
    assert "Somebody has decided this request already." in queue(staff)


@pytest.mark.parametrize(("verb", "service"), [("approve", "approve_or_hold"), ("decline", "decline_or_hold")])
def test_a_request_whose_person_is_erased_while_staff_decide_is_told_in_words(staff, monkeypatch, verb, service):
    asked = make.coordinator(state="asked")
    decide = getattr(services, service)

    def erased_first(**given: object) -> object:
        asked.person.delete()
        return decide(**given)

    monkeypatch.setattr(services, service, erased_first)
    answer = act(staff, asked, verb, reason="Left")
    html = answer.content.decode() if verb == "decline" else queue(staff)
    assert answer.status_code == (409 if verb == "decline" else 302)
    assert "This request is gone." in html


def test_staff_do_not_decide_about_themselves(client):
    person = editor()
    asked = make.coordinator(state="asked", person=person)
    sign_in(client, person)
    assert "Nobody decides about their own request." in queue(client)
    act(client, asked, "approve")
    asked.refresh_from_db()
    assert asked.state == "asked"


@pytest.mark.parametrize("who", ["visitor", "person", "coordinator", roles.EVENT_MANAGERS])
@pytest.mark.parametrize("verb", ["approve", "decline", "merge"])
def test_who_is_not_staff_of_the_queue_neither_reads_nor_decides(client, who, verb):
    # Proposed and complete, so that staff could approve, decline and merge it.
    city, same = make.local_government(standing="pending"), make.local_government()
    asked = make.coordinator(state="asked", local_government=city, person=PersonFactory(display_name="Ana"))
    if who == "coordinator":
        sign_in(client, make.coordinator().person)
    elif who != "visitor":
        sign_in(client, PersonFactory(groups=[who], is_staff=who in roles.ROLES))
    assert "Ana" not in client.get(reverse("membership_queue")).content.decode()
    answer = act(client, asked, verb, reason="no", same_as=same.pk)
    # Whoever is let in is led back to the queue, even where the service then refuses.
    away = reverse("wagtailadmin_home" if who in roles.ROLES else "sign_in")
    assert (answer.status_code, answer.url.partition("?")[0]) == (302, away)
    assert standing(asked) == ("asked", city, "pending")
    act(sign_in(Client(), editor()), asked, verb, reason="no", same_as=same.pk)
    assert standing(asked) != ("asked", city, "pending")


def test_reading_an_address_of_the_queue_changes_nothing(staff):
    asked = make.coordinator(state="asked")
    for verb in ("approve", "decline", "merge"):
        assert staff.get(reverse(f"membership_queue_{verb}", args=[asked.pk])).status_code == 405
    asked.refresh_from_db()
    assert asked.state == "asked"


@pytest.mark.parametrize("number", [1, 3])
def test_the_queue_costs_the_same_however_many_wait(staff, number, django_assert_num_queries):
    for _ in range(number):
        make.coordinator(state="asked")
        make.coordinator(state="asked", local_government=make.proposed())
    queue(staff)
    with django_assert_num_queries(15):
        assert queue(staff).count('id="request-') == 2 * number


def test_the_next_page_is_reached_by_its_link_and_kept_by_a_decision(staff, monkeypatch):
    monkeypatch.setattr(QueueView, "paginate_by", 1)
    first, second, third = [make.coordinator(state="asked") for _ in range(3)]
    [link] = re.findall(r'href="([^"]*)"[^>]*>\s*Next', queue(staff)) or re.findall(r'href="(\?p=2)"', queue(staff))
    page = unescape(staff.get(reverse("membership_queue") + link[link.index("?") :]).content.decode())
    assert (f"request-{second.pk}" in page, f"request-{first.pk}" in page) == (True, False)
    assert '<input type="hidden" name="p" value="2">' in page
    answer = act(staff, second, "approve", seen=second.as_asked, p="2")
    assert answer.url == reverse("membership_queue") + "?p=2"
    assert f"request-{third.pk}" in unescape(staff.get(answer.url).content.decode())
    # Its last row decided, the page is gone: the one before it is shown.
    answer = act(staff, third, "approve", seen=third.as_asked, p="2")
    assert f"request-{first.pk}" in unescape(staff.get(answer.url).content.decode())


def several() -> tuple[Membership, Membership]:
    """Let two people ask for cities that nobody coordinates."""
    oslo = make.local_government(name="Oslo", names={"ar": "أوسلو"})
    ana = PersonFactory(display_name="Ana Silva", email="ana@oslo.example")
    first = make.coordinator(state="asked", person=ana, local_government=oslo, department="Finance")
    bo = PersonFactory(display_name="Bo Berg", email="bo@lahti.example")
    return first, make.coordinator(state="asked", person=bo, department="Klimat")


def shown(html: str) -> list[int]:
    return [int(pk) for pk in re.findall(r'id="request-(\d+)"', html)]


@pytest.mark.parametrize("words", ["silva", "ANA@", "financ", "Óslo", "اوسلو"])
def test_a_request_is_found_by_person_address_department_and_any_name_of_the_city(staff, words):
    first, second = several()
    assert shown(queue(staff)) == [first.pk, second.pk]
    html = unescape(staff.get(reverse("membership_queue"), {"q": words}).content.decode())
    assert shown(html) == [first.pk]
    assert f'name="q" id="requests-q" value="{words}"' in html


def test_words_that_nobody_has_are_told_from_an_empty_queue(staff):
    several()
    html = staff.get(reverse("membership_queue"), {"q": "zzz"}).content.decode()
    assert ("No request has these words." in html, "Nothing waits" in html, shown(html)) == (True, False, [])
    # What no row can hold finds nothing in particular, and breaks nothing.
    assert len(shown(staff.get(reverse("membership_queue"), {"q": "\x00"}).content.decode())) == 2


def test_a_search_is_kept_by_the_next_page_and_by_a_decision(staff, monkeypatch):
    monkeypatch.setattr(QueueView, "paginate_by", 1)
    first, second, third = [make.coordinator(state="asked", department="A & B") for _ in range(3)]
    make.coordinator(state="asked", department="C")
    html = unescape(staff.get(reverse("membership_queue"), {"q": "a & b"}).content.decode())
    assert "?q=a+%26+b&p=2" in html
    page = unescape(staff.get(reverse("membership_queue"), {"q": "a & b", "p": "2"}).content.decode())
    assert shown(page) == [second.pk]
    assert page.count('<input type="hidden" name="q" value="a & b">') == page.count('name="p" value="2"') == 2
    answer = act(staff, second, "decline", reason="", p="2", q="a & b")
    kept_place = dict(
        re.findall(r'<input type="hidden" name="([pq])" value="([^"]*)"', unescape(answer.content.decode()))
    )
    assert (answer.status_code, kept_place) == (422, {"p": "2", "q": "a & b"})
    answer = act(staff, second, "decline", reason="We could not reach the city", **kept_place)
    assert answer.url == reverse("membership_queue") + "?p=2&q=a+%26+b"
    assert shown(unescape(staff.get(answer.url).content.decode())) == [third.pk]


@pytest.mark.parametrize("number", [1, 3])
def test_a_search_costs_the_same_however_many_it_finds(staff, number, django_assert_num_queries):
    for _ in range(number):
        make.coordinator(state="asked", department="Klimat")
    address = reverse("membership_queue") + "?q=klimat"
    staff.get(address)
    with django_assert_num_queries(13):
        assert len(shown(staff.get(address).content.decode())) == number


def test_a_reason_that_is_half_typed_is_asked_about_before_its_page_is_left(staff):
    several()
    forms = BeautifulSoup(queue(staff), "html.parser").select('form:has([name="reason"])')
    guards = [(one["data-controller"], one["data-w-unsaved-confirmation-value"]) for one in forms]
    assert guards == [("w-unsaved", "true")] * 2
    # How soon it asks is seen in a browser alone: tests/browser/test_leaving.py.
    actions = {"w-unsaved:ready->w-unsaved#clear", "input->w-unsaved#check", "w-unsaved#submit"}
    actions.add("beforeunload@window->w-unsaved#confirm")
    assert [set(one["data-action"].split()) for one in forms] == [actions] * 2
