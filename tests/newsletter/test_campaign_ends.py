"""How a campaign that has ended reads: how many had left, and why some got nothing, in words that are ours or a server's."""

import csv
import io
import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext

from accounts.services import ensure_groups
from core import clock
from mail.models import Message
from mail.services.holding import hold_after_restore
from newsletter.admin.campaign_words import in_words
from newsletter.models import Campaign, NewsletterPage, Subscriber
from newsletter.services import advance_campaigns, cancel_campaign, leave, prepare_campaign, start_campaign
from newsletter.services.blocking import block_address
from tests.factories import accounts
from tests.factories import newsletter as make
from tests.factories.mail import deliver_all
from tests.newsletter.campaigning import after_the_window, body, rows

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("time")]


@pytest.fixture
def editor(client):
    ensure_groups()
    return accounts.sign_in(client, accounts.editor())


def started(*names: str) -> Campaign:
    for name in names:
        make.subscriber(f"{name}@city.example")
    return start_campaign(campaign_id=prepare_campaign(issue=make.issue().translation_key).pk)


def progress(editor, campaign: Campaign) -> tuple[str, str, str]:
    """Return what the bar of a campaign's page shows, out of what, and the words beside it."""
    shown = body(editor.get(reverse("campaigns:inspect", args=[campaign.pk])))
    found = re.search(r'<progress max="(\d+)" value="(\d+)".*?<span id="campaign-progress">(.*?)</span>', shown)
    assert found
    return found[2], found[1], found[3].strip()


def whys(answer) -> dict[str, tuple[str, str]]:
    """Return why each got nothing, and what a server said of it, by the name of the address."""
    return {row[0].partition("@")[0]: (row[3], row[4]) for row in rows(answer)}


def test_a_cancelled_campaign_says_how_many_had_left_and_shows_no_full_bar(editor, time, mail_server):
    campaign = started("ok", "later", "too")
    for name in ("later", "too"):
        mail_server.refuse(f"{name}@city.example", "450 4.2.0 Greylisted")
    after_the_window(time)
    deliver_all("bulk")
    time.shift(timedelta(seconds=6))
    assert progress(editor, campaign) == (
        "1", "3", "1 of 3 (33%), 10 a minute, done at about 2026-11-22 09:02:18 UTC",
    )  # fmt: skip
    cancel_campaign(campaign_id=campaign.pk)
    assert progress(editor, campaign) == ("1", "3", "1 of 3 had left.")
    shown = body(editor.get(reverse("campaigns:inspect", args=[campaign.pk])))
    assert f"It ended at {clock.now():%Y-%m-%d %H:%M} UTC." in shown


def test_a_campaign_that_has_been_sent_leaves_at_no_rate(editor, time, mail_server):
    campaign = started("one", "two")
    after_the_window(time)
    deliver_all("bulk")
    time.shift(timedelta(seconds=1))
    assert progress(editor, campaign) == ("2", "2", "2 of 2 (100%), 120 a minute")
    advance_campaigns()
    assert progress(editor, campaign) == ("2", "2", "2 of 2 (100%)")


def test_who_left_was_blocked_or_erased_meanwhile_is_told_as_such_and_by_no_server(editor, time, mail_server):
    campaign = started("left", "blocked", "erased", "refused")
    with translation.override("en"):
        leave(subscriber_id=Subscriber.objects.get(email="left@city.example").pk, why="link", channel="newsletter")
    block_address(email="blocked@city.example", by=accounts.editor(), reason="Asked by telephone")
    Subscriber.objects.get(email="erased@city.example").delete()
    mail_server.refuse("refused@city.example", "550 The subscription has ended.")
    after_the_window(time)
    deliver_all("bulk")
    address = reverse("campaigns:left_out", args=[campaign.pk])
    screen = editor.get(address)
    assert whys(screen) == {
        "left": ("the subscription ended after the audience was frozen", ""),
        "blocked": ("the address was blocked after the audience was frozen", ""),
        "erased": ("the subscription was erased after the audience was frozen", ""),
        "refused": ("the receiving server refused it", "The subscription has ended."),
    }
    assert {row[2] for row in rows(screen)} == {"Cancelled", "Failed"}
    content = b"".join(editor.get(address, {"export": "csv"}).streaming_content).decode("utf-8-sig")
    assert list(csv.reader(io.StringIO(content)))[1:] == rows(screen)


def test_an_issue_that_was_deleted_and_mail_held_back_after_a_restore_say_so(editor, time, mail_server):
    deleted = started("reader")
    NewsletterPage.objects.all().delete()
    after_the_window(time)
    deliver_all("bulk")
    address = reverse("campaigns:left_out", args=[deleted.pk])
    assert whys(editor.get(address)) == {"reader": ("the issue was deleted before it left", "")}
    restored = started()
    hold_after_restore()
    address = reverse("campaigns:left_out", args=[restored.pk])
    assert whys(editor.get(address)) == {
        "reader": ("held back after the restore of a backup: it may have left before", "")
    }


def test_what_a_worker_held_while_its_campaign_was_cancelled_says_so(editor, time, mail_server):
    campaign = started("held", "waiting")
    held = Message.objects.filter(to_address="held@city.example")
    held.update(state="queued", due_at=clock.now() + timedelta(days=1), mailing=None)
    cancel_campaign(campaign_id=campaign.pk)
    held.update(mailing=campaign.mailing_id, due_at=clock.now())
    deliver_all("bulk")
    address = reverse("campaigns:left_out", args=[campaign.pk])
    assert whys(editor.get(address)) == {
        "held": ("the campaign was cancelled before it left", ""),
        "waiting": ("it was withdrawn before it left", ""),
    }


def test_an_audience_is_listed_with_the_commas_of_the_readers_language():
    audience = {"interests": [], "languages": ["ar", "fr"], "countries": ["MA", "TN"]}
    with translation.override("ar"):
        comma, semicolon = "، ", gettext("; ")
        assert in_words(audience) == comma.join(
            ["\u2068العربيّة\u2069", f"\u2068français\u2069{semicolon}المغرب", "تونس"]
        )
    with translation.override("en"):
        assert in_words(audience) == "\u2068العربيّة\u2069, \u2068français\u2069; Morocco, Tunisia"


def test_the_list_offers_its_states_as_it_shows_them(editor):
    shown = body(editor.get(reverse("campaigns:left_out", args=[started("reader").pk])))
    found = re.findall(r'name="state" value="(\w+)"[^>]*>\s*([^<]+?)\s*</label>', shown)
    assert sorted(found) == [
        ("cancelled", "Cancelled"),
        ("deferred", "To be tried again"),
        ("failed", "Failed"),
        ("suppressed", "Suppressed"),
        ("unknown", "Unknown"),
    ]
