"""The messages that staff have written to registered people are found again, and with them the button that undoes."""

from datetime import timedelta

import pytest
from bs4 import BeautifulSoup
from django.test import Client
from django.urls import reverse

from accounts import roles
from events.models import Event, StaffMessage
from events.services import send_message, take_back_message, write_message
from mail.models import Mailing
from tests.events.screens import body, url
from tests.factories import accounts
from tests.factories import events as make

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("section", "time")]
WINDOW = timedelta(minutes=2)


def written(event: Event, subject: str, *, by=None, **words: str) -> StaffMessage:
    text = {"subject": subject, "text": words.pop("text", "Bring a map.")}
    return write_message(event_id=event.pk, audience="confirmed", words={"en": text}, by=by)


def registrations(event: Event) -> str:
    return f"{reverse('registrations:index')}?event={event.pk}"


def rows(client: Client, address: str) -> list[list[str]]:
    """Return the cells of the table of messages on a page."""
    table = BeautifulSoup(client.get(address).content, "html.parser").select("main table.listing")[-1]
    found = [[" ".join(cell.get_text(" ", strip=True).split()) for cell in row("td")] for row in table("tr")]
    return [cells for cells in found if cells]


def follow(client: Client, address: str, words: str) -> str:
    """Return where the one link of these words leads that stands on a page."""
    page = BeautifulSoup(client.get(address).content, "html.parser")
    (found,) = [link["href"] for link in page("a") if " ".join(link.get_text(" ", strip=True).split()) == words]
    return found


@pytest.mark.parametrize("begin", ["registrations", "reminders"])
def test_whoever_closed_the_tab_finds_the_message_by_links_and_takes_all_of_it_back(manager, event, begin):
    make.registered(event, "Ana")
    send_message(message_id=written(event, "News about {title}").pk)
    address = registrations(event)
    if begin == "registrations":
        address = follow(manager, address, "Messages to registered people")
    else:
        address = url("reminders", event.translation_key)
    address = follow(manager, address, "News about Budget")
    assert "Take all of it back" in body(manager.get(address))
    assert "1 of 1 message is taken back." in body(manager.post(address, follow=True))
    assert Mailing.objects.get().withdrawn == 1


def test_a_kept_draft_is_found_and_sent(manager, event):
    make.registered(event, "Ana")
    draft = written(event, "", text="Bring {name} and a map of {title}.\n\nSee you.")
    address = follow(manager, url("messages", event.pk), "Bring {name} and a map of Budget. See you.")
    assert address == url("message", draft.pk)
    assert "Send to all of them" in body(manager.get(address))


@pytest.mark.parametrize("page", ["messages", "reminders"])
def test_each_message_says_when_by_whom_to_how_many_and_what_became_of_it(manager, event, time, page):
    clerk, other = (accounts.PersonFactory(display_name=name) for name in ("Clerk", "Other"))
    for name in ("Ana", "Bo"):
        make.registered(event, name)
    gone, back = written(event, "Left", by=clerk), written(event, "Back", by=clerk)
    send_message(message_id=gone.pk, by=other)
    send_message(message_id=back.pk, by=clerk)
    time.shift(60)
    take_back_message(message_id=back.pk)
    time.shift(60)
    send_message(message_id=written(event, "Soon", by=clerk).pk)
    written(event, "Draft", by=clerk)
    assert rows(manager, url(page, event.pk if page == "messages" else event.translation_key)) == [
        ["Draft", "2026-11-01 09:02 UTC", str(clerk), "those with a seat", "–", "Draft, not sent"],
        [
            *("Soon", "2026-11-01 09:02 UTC", "–", "those with a seat", "2"),
            "Leaves at 2026-11-01 09:04:00 UTC; until then all of it can be taken back",
        ],
        [
            *("Back", "2026-11-01 09:00 UTC", str(clerk), "those with a seat", "2"),
            "Taken back at 2026-11-01 09:01 UTC: 2 of 2",
        ],
        ["Left", "2026-11-01 09:00 UTC", str(other), "those with a seat", "2", "Left at 2026-11-01 09:02 UTC"],
    ]


def test_an_event_lists_its_own_messages_alone(manager, event):
    written(make.event(title="Other"), "Elsewhere")
    shown = body(manager.get(url("messages", event.pk)))
    assert ("Nothing has been written to them yet." in shown, "Elsewhere" in shown) == (True, False)
    assert f'href="{url("message_write", event.pk)}"' in shown
    reminders = body(manager.get(url("reminders", event.translation_key)))
    assert "Messages to registered people" not in reminders


def test_a_message_leads_back_to_its_like(manager, event):
    address = url("message", written(event, "Draft").pk)
    assert follow(manager, address, "Messages to registered people") == url("messages", event.pk)


def test_the_registrations_of_all_events_lead_to_nobodys_messages(manager, event):
    make.registered(event, "Ana")
    results = f"{reverse('registrations:index_results')}?event="
    for address, leads in ((registrations(event), True), (reverse("registrations:index"), False)):
        shown = body(manager.get(address))
        assert (url("messages", event.pk) in shown, url("message_write", event.pk) in shown) == (leads, leads)
    # Where the filter is taken away, the buttons are drawn anew without them.
    for address, leads in ((f"{results}{event.pk}", True), (results, False)):
        shown = body(manager.get(address))
        assert ("#w-slim-header-buttons" in shown, url("messages", event.pk) in shown) == (True, leads)


def test_the_list_costs_the_same_for_one_and_for_three(manager, event, number, django_assert_num_queries):
    make.registered(event, "Ana")
    for step in range(number):
        clerk = accounts.PersonFactory(display_name=f"Clerk {step}")
        message = written(event, f"News {step}", by=clerk)
        send_message(message_id=message.pk, by=clerk)
    address = url("messages", event.pk)
    manager.get(address)
    with django_assert_num_queries(11):
        assert len(manager.get(address).context["message_rows"]) == number


def test_the_registrations_of_one_event_cost_the_same_for_one_and_for_three(
    manager, event, number, django_assert_num_queries
):
    for step in range(number):
        make.registered(event, f"Guest {step}")
        written(event, f"News {step}")
    address = f"{reverse('registrations:index_results')}?event={event.pk}"
    manager.get(address)
    with django_assert_num_queries(12):
        assert url("messages", event.pk) in body(manager.get(address))


@pytest.fixture(params=[1, 3])
def number(request: pytest.FixtureRequest) -> int:
    return request.param


def test_whoever_may_change_reminders_but_not_write_reads_no_messages_there_or_by_their_address(client, event):
    make.registered(event, "Ana")
    written(event, "Confidential")
    accounts.sign_in(client, accounts.PersonFactory(groups=[roles.EDITORS], is_staff=True))
    assert client.get(url("messages", event.pk)).status_code == 302
    reminders = body(client.get(url("reminders", event.translation_key)))
    assert ("Add a reminder" in reminders, "Confidential" in reminders) == (True, False)


def test_a_visitor_who_guesses_the_address_reads_no_messages(client, event):
    assert client.get(url("messages", event.pk)).status_code == 302
