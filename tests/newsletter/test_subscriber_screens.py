"""The screens of subscribers: list, filters, spreadsheets, one subscriber with its consents, and who may do what."""

import csv
import io

import pytest
from django.core.cache import cache
from django.urls import reverse
from django.utils import translation
from django.utils.html import escape
from openpyxl import load_workbook

from accounts import roles
from accounts.services import ensure_groups, record_consent
from mail.models import Message
from newsletter import wording
from newsletter.enums import LeftWhy, SubscriberState
from newsletter.models import Subscriber, SubscriberChange
from newsletter.services import block_address, confirm, leave
from tests.factories import accounts
from tests.factories import newsletter as make
from tests.newsletter.campaigning import body, rows, with_rights
from tests.newsletter.test_subscribing import asks

pytestmark = pytest.mark.django_db

EMAIL = "ana@city.example"


@pytest.fixture
def editor(client):
    ensure_groups()
    return accounts.sign_in(client, accounts.editor(display_name="Ed"))


def url(name: str, *args: object) -> str:
    return reverse(f"subscribers:{name}", args=args)


def addresses(answer) -> list[str]:
    return [one.email for one in answer.context["object_list"]]


def test_subscribers_are_searched_and_filtered(editor):
    make.subscriber("ana@city.example", country="CO", interests=["energy-systems"])
    make.subscriber("bo@city.example", language="fr", state=SubscriberState.LEFT)
    make.subscriber("cy@town.example", language="ar", country="EG", state=SubscriberState.ASKED)
    energy = Subscriber.objects.get(email=EMAIL).interests.get().pk
    for query, expected in (
        ("", ["cy@town.example", "bo@city.example", "ana@city.example"]),
        ("q=CITY.ex", ["bo@city.example", "ana@city.example"]),
        ("state=left&state=asked", ["cy@town.example", "bo@city.example"]),
        ("language=fr", ["bo@city.example"]),
        ("country=EG", ["cy@town.example"]),
        (f"interests={energy}", ["ana@city.example"]),
        ("asked_at_to=2020-01-01", []),
    ):
        assert addresses(editor.get(f"{url('index')}?{query}")) == expected, query


@pytest.mark.parametrize("number", [1, 3])
def test_the_list_costs_the_same_for_one_and_for_three(editor, number, django_assert_num_queries):
    for _ in range(number):
        make.subscriber(interests=["energy-systems"])
    editor.get(url("index_results"))
    with django_assert_num_queries(8):
        answer = editor.get(url("index_results"))
    assert [row[1:5] for row in rows(answer)] == [["Confirmed", "English", "", "Energy systems"]] * number


def test_the_spreadsheets_equal_the_screen_and_hold_no_formula(editor):
    make.subscriber("=cmd@city.example", country="CO", interests=["energy-systems"])
    make.subscriber("+1@city.example", language="ar", state=SubscriberState.LEFT)
    screen = rows(editor.get(url("index")))
    answer = editor.get(url("index"), {"export": "csv"})
    content = b"".join(answer.streaming_content).decode("utf-8-sig")
    heading, *lines = csv.reader(io.StringIO(content))
    assert heading == [
        "E-mail address", "State", "Language", "Country", "Topics", "Asked", "Confirmed", "Ended", "How it ended",
    ]  # fmt: skip
    assert [line[0] for line in lines] == ["'+1@city.example", "'=cmd@city.example"]
    assert [[line[0].removeprefix("'"), *line[1:]] for line in lines] == screen
    sheet = load_workbook(io.BytesIO(editor.get(url("index"), {"export": "xlsx"}).getvalue())).active
    assert [(cell.value, cell.data_type) for cell in sheet["A"][1:]] == [
        ("+1@city.example", "s"),
        ("=cmd@city.example", "s"),
    ]


def test_one_subscriber_shows_each_consent_word_for_word_and_what_staff_did(editor):
    asks(EMAIL, language="fr")
    subscriber = confirm(subscriber_id=Subscriber.objects.get().pk)
    leave(subscriber_id=subscriber.pk, why=LeftWhy.ONE_CLICK, channel="List-Unsubscribe")
    block_address(email=EMAIL, by=accounts.PersonFactory(display_name="Bo"), reason="<b>A trap</b>")
    make.subscriber("other@city.example")
    shown = body(editor.get(url("inspect", subscriber.pk)))
    with translation.override("fr"):
        given = escape(wording.agreeing().text)
    for words in (
        "<strong>Blocked</strong> (staff)",
        f'<td lang="fr" dir="auto">{given}</td>',
        '<td lang="en" dir="auto">Do not send me the GKEC newsletter any more.</td>',
        "<bdi>List-Unsubscribe</bdi>",
        "<bdi>/en/news/subscribe/</bdi>",
        "<bdi>Bo</bdi>",
        "<bdi>&lt;b&gt;A trap&lt;/b&gt;</bdi>",
    ):
        assert words in shown
    assert (shown.index("Withdrawn") < shown.index("Given"), "<b>A trap" in shown) == (True, False)


@pytest.mark.parametrize("number", [1, 3])
def test_a_subscriber_costs_the_same_for_one_consent_and_step_and_for_three(editor, number, django_assert_num_queries):
    subscriber = make.subscriber(EMAIL, interests=["energy-systems"])
    for step in range(number):
        record_consent(purpose=wording.PURPOSE, wording=wording.agreeing(), channel="/en/news/", email=EMAIL)
        clerk = accounts.PersonFactory(display_name=f"Clerk {step}")
        subscriber.changes.create(what="blocked", by=clerk, reason="A trap")
    editor.get(url("inspect", subscriber.pk))
    with django_assert_num_queries(13):
        shown = body(editor.get(url("inspect", subscriber.pk)))
    assert [shown.count(words) for words in ("<bdi>/en/news/</bdi>", "<bdi>Clerk ")] == [number, number]


def test_staff_unsubscribe_block_and_unblock_with_a_reason(editor):
    subscriber = make.subscriber(EMAIL)
    page = body(editor.get(url("inspect", subscriber.pk)))
    assert (url("unsubscribe", subscriber.pk) in page, url("unblock", subscriber.pk) in page) == (True, False)
    assert editor.post(url("unsubscribe", subscriber.pk), {"reason": " "}).status_code == 200
    assert Subscriber.objects.get().state == "confirmed"
    answer = editor.post(url("unsubscribe", subscriber.pk), {"reason": "Asked by phone"}, follow=True)
    assert "The subscription has ended." in body(answer)
    again = editor.post(url("unsubscribe", subscriber.pk), {"reason": "Asked by phone"})
    assert (again.status_code, "This subscription has ended already." in body(again)) == (409, True)
    assert f'value="{EMAIL}"' in body(editor.get(f"{url('block')}?subscriber={subscriber.pk}"))
    editor.post(url("block"), {"email": EMAIL, "reason": "A trap"})
    page = body(editor.get(url("inspect", subscriber.pk)))
    assert (url("unsubscribe", subscriber.pk) in page, url("unblock", subscriber.pk) in page) == (False, True)
    editor.post(url("unblock", subscriber.pk), {"reason": "No trap"})
    assert [str(step) for step in SubscriberChange.objects.all()] == ["Unsubscribed", "Blocked", "Unblocked"]
    assert {step.by.display_name for step in SubscriberChange.objects.all()} == {"Ed"}


@pytest.mark.parametrize("given", ["x", "²", "9" * 30, "0"])
def test_blocking_somebody_who_is_not_there_asks_for_an_address(editor, given):
    assert editor.get(f"{url('block')}?subscriber={given}").status_code == 200
    assert editor.post(url("block"), {"email": "no address", "reason": "x"}).status_code == 200
    assert not Subscriber.objects.exists()


def test_looking_changes_nothing(editor):
    subscriber = make.subscriber(EMAIL)
    before = Subscriber.objects.values().get()
    for address in (url("unsubscribe", subscriber.pk), url("block"), url("unblock", subscriber.pk)):
        assert editor.get(address).status_code == 200
    assert (Subscriber.objects.values().get(), SubscriberChange.objects.count()) == (before, 0)


def test_a_stranger_cannot_tell_a_blocked_address_from_any_other(client):
    make.subscriber("known@city.example")
    block_address(email="blocked@city.example", by=accounts.PersonFactory(), reason="A trap")
    answers = set()
    for address in ("new@city.example", "known@city.example", "blocked@city.example"):
        cache.clear()
        said = {"email": address, "language": "en", "wording": "1"}
        answer = client.post("/en/news/subscribe/", said)
        of_the_moment = {"X-Request-ID", "Expires"}
        kept = {name: value for name, value in answer.headers.items() if name not in of_the_moment}
        answers.add((answer.status_code, answer.content, repr(sorted(kept.items())), repr(answer.cookies)))
    assert len(answers) == 1
    assert {one.to_address for one in Message.objects.all()} == {"new@city.example", "known@city.example"}


DOORS = ["unsubscribe", "unblock", "inspect"]


@pytest.mark.parametrize("door", DOORS)
def test_an_event_manager_reads_and_changes_no_subscriber_by_typing_the_address(client, door):
    ensure_groups()
    subscriber = make.subscriber(EMAIL)
    manager = accounts.sign_in(client, accounts.PersonFactory(groups=[roles.EVENT_MANAGERS], is_staff=True))
    for answer in (manager.get(url(door, subscriber.pk)), manager.post(url(door, subscriber.pk), {"reason": "x"})):
        assert (answer.status_code in {302, 403}, EMAIL in answer.content.decode()) == (True, False)
    assert manager.get(url("index")).status_code in {302, 403}
    assert manager.get(f"{url('index')}?export=csv").status_code in {302, 403}
    assert manager.post(url("block"), {"email": EMAIL, "reason": "x"}).status_code in {302, 403}
    assert Subscriber.objects.get().state == "confirmed"


@pytest.mark.parametrize("rights", [["view_subscriber"], ["change_subscriber"]])
def test_who_may_only_look_or_has_half_the_right_ends_no_subscription_and_blocks_nobody(client, rights):
    subscriber = make.subscriber(EMAIL)
    viewer = with_rights(client, *rights)
    viewer.post(url("unsubscribe", subscriber.pk), {"reason": "x"})
    viewer.post(url("block"), {"email": EMAIL, "reason": "x"})
    assert Subscriber.objects.get().state == "confirmed"
    shown = body(viewer.get(url("inspect", subscriber.pk)))
    assert (url("unsubscribe", subscriber.pk) in shown, url("block") in shown) == (False, False)
