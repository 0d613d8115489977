"""The screens of campaigns: prepared, counted, tested, watched, paused, cancelled, and who may do each."""

import csv
import io
import re
from datetime import timedelta

import pytest
from django.db import DatabaseError, transaction
from django.urls import reverse

from accounts import roles
from mail import purposes
from mail.models import Message
from newsletter.models import Campaign, CampaignChange
from newsletter.services import advance_campaigns, prepare_campaign, start_campaign
from tests.factories import accounts
from tests.factories import newsletter as make
from tests.factories.events import term
from tests.factories.mail import deliver_all
from tests.newsletter.campaigning import body, looked_at, rows, started, url, with_rights

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("time", "issue_made")]


def test_a_campaign_is_prepared_from_the_page_of_an_issue(editor, page):
    make.translated(page, "fr")
    shown = body(editor.get(f"{url('add')}?issue={page.translation_key}"))
    assert f'<option value="{page.translation_key}" selected>7. Ten cities (English, français)</option>' in shown
    answer = editor.post(
        url("add"), {"issue": page.translation_key, "languages": ["fr"], "interests": [], "countries": ["BR"]}
    )
    campaign = Campaign.objects.get()
    assert answer["Location"] == url("inspect", campaign.pk)
    assert (campaign.title, campaign.audience) == (
        "Ten cities", {"interests": [], "languages": ["fr"], "countries": ["BR"]},
    )  # fmt: skip
    assert "\u2068français\u2069; Brazil" in body(editor.get(url("inspect", campaign.pk)))
    editor.post(url("audience", campaign.pk), {"languages": ["en"]})
    campaign.refresh_from_db()
    assert campaign.audience == {"interests": [], "languages": ["en"], "countries": []}


def test_a_test_goes_to_no_address_that_mail_cannot_be_sent_to(editor, campaign):
    answer = editor.post(url("test", campaign.pk), {"to": '"ab"@city.example'})
    assert "Write an e-mail address, such as name@example.org." in body(answer)
    assert (answer.status_code, Message.objects.count()) == (200, 0)


def test_a_draft_keeps_a_topic_that_was_retired_since(editor, campaign):
    topic = term("emission-domain", "mobility-transport")
    Campaign.objects.update(audience={"interests": [topic.slug], "languages": [], "countries": []})
    topic.is_active = False
    topic.save()
    shown = body(editor.get(url("audience", campaign.pk)))
    assert re.findall(r'<input[^>]*value="([^"]+)"[^>]* checked', shown) == ["mobility-transport"]
    editor.post(url("audience", campaign.pk), {"languages": ["en"], "interests": ["mobility-transport"]})
    campaign.refresh_from_db()
    assert campaign.audience == {"interests": ["mobility-transport"], "languages": ["en"], "countries": []}
    assert "mobility-transport" not in body(editor.get(url("add")))


def test_a_draft_shows_what_each_language_gets_and_what_is_not_published(editor, page, campaign):
    french = make.translated(page, "fr")
    for language in ("en", "fr", "fr", "ar"):
        make.subscriber(language=language)
    french.has_unpublished_changes = True
    french.save()
    answer = editor.get(url("inspect", campaign.pk))
    assert rows(answer) == [["English", "English", "1"], ["français", "français", "2"], ["العربيّة", "English", "1"]]
    assert "4 people would get this." in body(answer)
    assert "The page in <bdi>français</bdi> has changes that are not published" in body(answer)


def test_a_test_goes_to_the_address_that_was_typed(editor, campaign):
    editor.post(url("test", campaign.pk), {"to": "me@city.example"})
    assert list(Message.objects.values_list("kind", "to_address")) == [("newsletter-test", "me@city.example")]


def test_the_page_of_a_campaign_under_way_shows_progress_and_the_equation(editor, campaign, time, mail_server):
    mail_server.refuse("p1@city.example", "550 5.7.1 Not from you")
    started(campaign, time, readers=4)
    deliver_all("bulk")
    time.shift(timedelta(seconds=6))
    Message.objects.filter(to_address="p2@city.example").update(state="queued", finished_at=None)
    shown = body(editor.get(url("inspect", campaign.pk)))
    for words in (
        "<strong>Being sent.</strong> They have been leaving since 2026-11-22 09:02 UTC;",
        '<progress max="4" value="3" aria-labelledby="campaign-progress"',
        "3 of 4 (75%), 30 a minute, done at about 2026-11-22 09:02:08 UTC",
        "<strong>4</strong> = 2 + 1 + 0 + 0 + 0 + 1",
    ):
        assert words in shown
    assert "The books do not balance" not in shown
    Message.objects.filter(to_address="p2@city.example").delete()
    assert "The books do not balance" in body(editor.get(url("inspect", campaign.pk)))


def test_pausing_resuming_and_cancelling_by_their_buttons(editor, campaign, time):
    started(campaign, time)
    page = body(editor.get(url("inspect", campaign.pk)))
    assert f'action="{url("pause", campaign.pk)}"' in page
    editor.post(url("pause", campaign.pk))
    page = body(editor.get(url("inspect", campaign.pk)))
    assert (
        "<strong>Paused.</strong> What has not begun" in page,
        f'action="{url("resume", campaign.pk)}"' in page,
    ) == (True, True)
    editor.post(url("resume", campaign.pk))
    assert "This cannot be undone." in body(editor.get(url("cancel", campaign.pk)))
    editor.post(url("cancel", campaign.pk))
    campaign.refresh_from_db()
    assert campaign.state == "cancelled"
    assert "is not under way" in body(editor.post(url("pause", campaign.pk), follow=True))


def test_the_page_says_who_started_paused_resumed_and_cancelled_and_when(client, campaign, time):
    make.subscriber()
    steps = [("start", "Ana"), ("pause", "Bo"), ("resume", "<i>Cy</i>"), ("cancel", "Bo")]
    people = {name: accounts.editor(display_name=name) for _door, name in steps}
    for door, name in steps:
        accounts.sign_in(client, people[name]).post(url(door, campaign.pk), looked_at(campaign))
        client.post(url(door, campaign.pk))
        time.shift(timedelta(minutes=1))
    history = body(client.get(url("inspect", campaign.pk))).split("History", 1)[1]
    found = re.findall(r"<tr><td>(.*?)</td><td>(.*?)</td><td><bdi>(.*?)</bdi></td></tr>", history)
    assert [(re.sub(r"[^ -~]", "", at), what, who) for at, what, who in found] == [
        ("2026-11-22 09:00:00", "Started", "Ana"),
        ("2026-11-22 09:01:00", "Paused", "Bo"),
        ("2026-11-22 09:02:00", "Resumed", "&lt;i&gt;Cy&lt;/i&gt;"),
        ("2026-11-22 09:03:00", "Cancelled", "Bo"),
    ]
    with pytest.raises(DatabaseError, match="only ever added to"), transaction.atomic():
        CampaignChange.objects.update(what="started")


@pytest.mark.parametrize("number", [1, 3])
def test_the_list_costs_the_same_for_one_and_for_three(editor, number, django_assert_num_queries):
    make.subscriber()
    for _ in range(number):
        found = prepare_campaign(issue=make.issue().translation_key)
        start_campaign(campaign_id=found.pk)
    editor.get(url("index_results"))
    with django_assert_num_queries(7):
        answer = editor.get(url("index_results"))
    assert [row[1:3] for row in rows(answer)] == [["Frozen, not leaving yet", "1"]] * number


@pytest.mark.parametrize("number", [1, 3])
def test_the_page_of_a_draft_costs_the_same_for_one_and_for_three_languages(
    editor, page, campaign, number, django_assert_num_queries
):
    for language in ("en", "fr", "ar")[:number]:
        make.subscriber(language=language)
        if language != "en":
            make.translated(page, language)
    editor.get(url("inspect", campaign.pk))
    with django_assert_num_queries(17):
        answer = editor.get(url("inspect", campaign.pk))
    assert len(rows(answer)) == number


def missed(campaign, time, mail_server, number: int) -> None:
    for one in range(number):
        mail_server.refuse(f"p{one}@city.example", "550 =cmd 5.7.1")
    started(campaign, time, readers=number + 1)
    deliver_all("bulk")
    advance_campaigns()


@pytest.mark.parametrize("number", [1, 3])
def test_who_did_not_get_it_costs_the_same_for_one_and_for_three(
    editor, campaign, time, mail_server, number, django_assert_num_queries
):
    missed(campaign, time, mail_server, number)
    address = reverse("campaigns:left_out_results", args=[campaign.pk])
    editor.get(address)
    with django_assert_num_queries(8):
        answer = editor.get(address)
    assert len(rows(answer)) == number


def test_who_did_not_get_it_is_the_same_on_screen_and_in_the_spreadsheet(editor, campaign, time, mail_server):
    missed(campaign, time, mail_server, 2)
    screen = rows(editor.get(url("left_out", campaign.pk)))
    assert [row[:3] for row in screen] == [
        ["p1@city.example", "English", "Failed"],
        ["p0@city.example", "English", "Failed"],
    ]
    answer = editor.get(url("left_out", campaign.pk), {"export": "csv"})
    content = b"".join(answer.streaming_content).decode("utf-8-sig")
    heading, *lines = list(csv.reader(io.StringIO(content)))
    assert heading[:3] == ["E-mail address", "Language", "State"]
    assert [line[:3] for line in lines] == [row[:3] for row in screen]
    assert {line[4] for line in lines} == {"'=cmd 5.7.1"}
    assert rows(editor.get(url("left_out", campaign.pk), {"q": "p1@"}))[0][0] == "p1@city.example"


def test_the_outbox_tells_which_campaign_a_message_is_about(campaign, time):
    started(campaign, time)
    message = Message.objects.get()
    about = purposes.of([message])[message.pk]
    assert (str(about.label), about.url) == ("Ten cities", url("inspect", campaign.pk))


POSTS = ["start", "pause", "resume", "cancel", "discard", "audience", "test"]
GETS = [*POSTS, "inspect", "left_out", "left_out_results"]


def test_an_event_manager_opens_no_screen_of_a_campaign(client, campaign):
    manager = accounts.sign_in(client, accounts.PersonFactory(groups=[roles.EVENT_MANAGERS], is_staff=True))
    for door in GETS:
        assert (door, manager.get(url(door, campaign.pk)).status_code in {302, 403}) == (door, True)
    assert manager.get(url("index")).status_code in {302, 403}


def test_who_may_only_prepare_cannot_send_by_typing_the_address(client, campaign):
    make.subscriber()
    start_campaign(campaign_id=campaign.pk)
    author = with_rights(client, "add_campaign", "view_campaign")
    before = Campaign.objects.values_list("state", flat=True).get()
    for door in ("start", "pause", "resume", "cancel"):
        assert (door, author.post(url(door, campaign.pk)).status_code in {302, 403}) == (door, True)
        assert Campaign.objects.values_list("state", flat=True).get() == before


def test_who_sees_campaigns_does_not_see_readers(client, campaign, time, mail_server):
    missed(campaign, time, mail_server, 1)
    viewer = with_rights(client, "view_campaign")
    shown = body(viewer.get(url("inspect", campaign.pk)))
    assert ("<strong>2</strong> = 1 + 1" in shown, "p0@city.example" in shown, "left-out" in shown) == (
        True, False, False,
    )  # fmt: skip
    for door in ("left_out", "left_out_results"):
        answer = viewer.get(url(door, campaign.pk))
        assert answer.status_code in {302, 403}


def test_looking_changes_nothing(editor, campaign):
    make.subscriber()
    for door in POSTS:
        editor.get(url(door, campaign.pk))
    campaign.refresh_from_db()
    assert (campaign.state, Message.objects.count()) == ("draft", 0)


def test_the_words_of_a_server_are_escaped(editor, campaign, time, mail_server):
    mail_server.refuse("p0@city.example", "550 5.7.1 <script>alert(1)</script>")
    started(campaign, time)
    deliver_all("bulk")
    shown = editor.get(url("left_out", campaign.pk)).content.decode()
    assert ("<script>alert(1)" in shown, "&lt;script&gt;alert(1)" in shown) == (False, True)
