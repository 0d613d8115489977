"""Campaigns: who is frozen in which words, what leaves, what a pause holds, and books that close."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import translation

from core import clock
from mail.enums import SuppressionReason
from mail.models import Mailing, Message
from mail.services import resend, suppress
from mail.services.resending import CannotResend
from newsletter import campaign_errors as errors
from newsletter.enums import CampaignState
from newsletter.models import Campaign
from newsletter.services import (
    advance_campaigns,
    cancel_campaign,
    change_campaign,
    discard_campaign,
    leave,
    pause_campaign,
    resume_campaign,
    send_test,
    start_campaign,
)
from newsletter.services.audiences import Reading, count_audience
from newsletter.services.books import Books, books, left_out, progress
from tests.factories import newsletter as make
from tests.factories.accounts import PersonFactory
from tests.factories.mail import deliver_all
from tests.newsletter.campaigning import NOW, WINDOW, addresses, after_the_window, draft

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("time")]


@pytest.fixture
def page():
    return make.issue(title="Ten cities", subject="Ten cities, one budget")


def test_an_audience_is_narrowed_by_topic_language_and_country(page):
    make.subscriber("a@city.example", country="FR", language="fr", interests=["energy-systems"])
    make.subscriber("b@city.example", country="BR", language="pt", interests=["transport"])
    make.subscriber("all@city.example", country="FR", language="en")
    for state in ("asked", "left", "blocked"):
        make.subscriber(f"{state}@city.example", state=state)
    assert addresses(draft(page)) == {"a@city.example", "b@city.example", "all@city.example"}
    assert addresses(draft(page, interests=["transport"])) == {"b@city.example", "all@city.example"}
    assert addresses(draft(page, languages=["fr", "pt"])) == {"a@city.example", "b@city.example"}
    assert addresses(draft(page, countries=["FR"], interests=["energy-systems"])) == {
        "a@city.example",
        "all@city.example",
    }


def test_a_reader_of_two_chosen_topics_is_one_reader(page):
    make.subscriber("a@city.example", interests=["energy-systems", "transport"])
    campaign = draft(page, interests=["energy-systems", "transport"])
    assert count_audience(campaign) == [Reading("en", "en", 1)]


@pytest.mark.parametrize("audience", [{"interests": ["nothing"]}, {"languages": ["xx"]}, {"colours": ["red"]}])
def test_an_audience_of_what_is_not_there_is_refused(page, audience):
    with pytest.raises(ValueError):
        draft(page, **audience)


def test_counting_tells_what_each_language_reads(page, django_assert_num_queries):
    make.translated(page, "fr", subject="Dix villes")
    for language in ("fr", "fr", "ar", "en"):
        make.subscriber(language=language)
    campaign = draft(page)
    with django_assert_num_queries(2):
        found = count_audience(campaign)
    assert found == [Reading("en", "en", 1), Reading("fr", "fr", 2), Reading("ar", "en", 1)]


def test_an_issue_without_english_falls_back_to_the_first_language_there_is(page):
    make.translated(page, "pt")
    make.translated(page, "es")
    page.unpublish()
    make.subscriber(language="ar")
    assert count_audience(draft(page)) == [Reading("ar", "es", 1)]


def test_each_gets_the_issue_once_in_their_language_with_both_ways_out(page, mail_server, time):
    make.translated(page, "fr", subject="Dix villes")
    reader = make.subscriber("fr@city.example", language="fr")
    make.subscriber("ar@city.example", language="ar")
    campaign = start_campaign(campaign_id=draft(page).pk)
    assert (campaign.state, campaign.counted) == ("frozen", [["fr", "fr", 1], ["ar", "en", 1]])
    assert deliver_all("bulk") == 0
    after_the_window(time)
    assert deliver_all("bulk") == 2
    (french,) = mail_server.to("fr@city.example")
    (arabic,) = mail_server.to("ar@city.example")
    assert (french["Subject"], french["Content-Language"]) == ("Dix villes", "fr")
    assert (arabic["Subject"], arabic["Content-Language"]) == ("Ten cities, one budget", "ar")
    assert french["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    way_out = french["List-Unsubscribe"].strip("<>")
    assert "/news/unsubscribe/" in way_out
    assert way_out != arabic["List-Unsubscribe"].strip("<>")
    message = Message.objects.get(to_address=reader.email)
    assert message.key == f"newsletter-issue:{campaign.uuid}:{reader.uuid}"
    assert advance_campaigns() == 1
    campaign.refresh_from_db()
    assert (campaign.state, campaign.closing) == ("sent", {"accepted": 2})
    assert books(campaign) == Books(audience=2, accepted=2)


def test_starting_twice_starts_once(page):
    make.subscriber()
    campaign = draft(page)
    first = start_campaign(campaign_id=campaign.pk)
    assert start_campaign(campaign_id=campaign.pk).mailing == first.mailing
    assert (Mailing.objects.count(), Message.objects.count()) == (1, 1)


def test_the_audience_and_the_words_are_those_of_the_start(page, mail_server, time):
    page.save_revision().publish()
    make.subscriber("early@city.example")
    start_campaign(campaign_id=draft(page).pk)
    make.subscriber("late@city.example")
    page.refresh_from_db()
    page.subject = "Changed meanwhile"
    page.save_revision().publish()
    after_the_window(time)
    deliver_all("bulk")
    assert list(mail_server.recipients()) == ["early@city.example"]
    assert mail_server.accepted[0].message["Subject"] == "Ten cities, one budget"


def test_who_leaves_after_the_start_gets_nothing_and_the_list_says_why(page, mail_server, time):
    gone = make.subscriber("gone@city.example")
    erased = make.subscriber("erased@city.example")
    make.subscriber("stays@city.example")
    campaign = start_campaign(campaign_id=draft(page).pk)
    with translation.override("en"):
        leave(subscriber_id=gone.pk, why="link", channel="newsletter-unsubscribe")
    erased.delete()
    after_the_window(time)
    deliver_all("bulk")
    assert list(mail_server.recipients()) == ["stays@city.example"]
    assert set(left_out(campaign).values_list("to_address", "state", "reason", "last_reply")) == {
        ("gone@city.example", "cancelled", "senseless", "The subscription has ended."),
        ("erased@city.example", "cancelled", "senseless", "Nothing is known any more of whom it was meant for."),
    }


def test_the_books_close_whatever_becomes_of_each(page, mail_server, time):
    for name in ("ok", "no", "later", "stopped"):
        make.subscriber(f"{name}@city.example")
    suppress(address="stopped@city.example", reason=SuppressionReason.COMPLAINED)
    mail_server.refuse("no@city.example", "550 5.7.1 Not from you")
    mail_server.refuse("later@city.example", "450 4.2.0 Greylisted")
    campaign = start_campaign(campaign_id=draft(page).pk)
    after_the_window(time)
    deliver_all("bulk")
    assert books(campaign) == Books(audience=4, accepted=1, failed=1, suppressed=1, waiting=1)
    assert books(campaign).is_balanced
    assert set(left_out(campaign).values_list("to_address", "state", "last_reply")) == {
        ("no@city.example", "failed", "5.7.1 Not from you"),
        ("later@city.example", "deferred", "4.2.0 Greylisted"),
        ("stopped@city.example", "suppressed", ""),
    }
    assert advance_campaigns() == 0
    mail_server.answers.clear()
    time.shift(timedelta(hours=1))
    deliver_all("bulk")
    assert advance_campaigns() == 1
    campaign.refresh_from_db()
    assert books(campaign) == Books(audience=4, accepted=2, failed=1, suppressed=1)
    campaign.mailing.messages.all().delete()
    assert books(campaign) == Books(audience=4, accepted=2, failed=1, suppressed=1)


def test_a_pause_holds_what_has_not_left_and_a_cancelling_takes_it_back(page, mail_server, time):
    for number in range(5):
        make.subscriber(f"p{number}@city.example")
    campaign = start_campaign(campaign_id=draft(page).pk)
    assert pause_campaign(campaign_id=campaign.pk).state == "paused"
    after_the_window(time)
    assert (deliver_all("bulk"), advance_campaigns()) == (0, 0)
    assert pause_campaign(campaign_id=campaign.pk).state == "paused"
    assert resume_campaign(campaign_id=campaign.pk).state == "sending"
    assert resume_campaign(campaign_id=campaign.pk).state == "sending"
    pause_campaign(campaign_id=campaign.pk)
    cancelled = cancel_campaign(campaign_id=campaign.pk)
    assert (cancelled.state, cancelled.paused_at, books(cancelled)) == (
        "cancelled", None, Books(audience=5, cancelled=5),
    )  # fmt: skip
    assert cancel_campaign(campaign_id=campaign.pk).finished_at == cancelled.finished_at
    assert (deliver_all("bulk"), mail_server.accepted) == (0, [])
    assert advance_campaigns() == 1
    cancelled.refresh_from_db()
    assert (cancelled.state, cancelled.closing) == ("cancelled", {"cancelled": 5})


def test_before_its_time_a_resumed_campaign_waits_on(page):
    make.subscriber()
    later = clock.now() + timedelta(hours=3)
    campaign = start_campaign(campaign_id=draft(page).pk, at=later)
    assert campaign.starts_at == campaign.mailing.leaves_at == Message.objects.get().due_at == later
    pause_campaign(campaign_id=campaign.pk)
    assert resume_campaign(campaign_id=campaign.pk).state == "frozen"


def test_the_sweep_notices_that_a_campaign_leaves(page, time):
    make.subscriber()
    campaign = start_campaign(campaign_id=draft(page).pk)
    assert campaign.shown_state == "Frozen, not leaving yet"
    after_the_window(time)
    assert campaign.shown_state == "Being sent"
    advance_campaigns()
    campaign.refresh_from_db()
    assert campaign.state == "sending"


@pytest.mark.parametrize("change", [pause_campaign, resume_campaign, cancel_campaign])
def test_a_draft_is_not_under_way(page, change):
    with pytest.raises(errors.CampaignNotUnderWay):
        change(campaign_id=draft(page).pk)


def test_what_has_ended_is_neither_paused_nor_cancelled(page, mail_server, time):
    make.subscriber()
    campaign = start_campaign(campaign_id=draft(page).pk)
    after_the_window(time)
    deliver_all("bulk")
    advance_campaigns()
    for change in (pause_campaign, cancel_campaign):
        with pytest.raises(errors.CampaignNotUnderWay):
            change(campaign_id=campaign.pk)


def test_only_a_draft_changes_or_goes(page):
    make.subscriber()
    campaign = draft(page)
    assert change_campaign(campaign_id=campaign.pk, audience={"languages": ["en"]}).audience["languages"] == ["en"]
    spare = draft(page)
    discard_campaign(campaign_id=spare.pk)
    start_campaign(campaign_id=campaign.pk)
    with pytest.raises(errors.CampaignFrozen):
        change_campaign(campaign_id=campaign.pk, audience={})
    with pytest.raises(errors.CampaignFrozen):
        discard_campaign(campaign_id=campaign.pk)
    assert list(Campaign.objects.all()) == [campaign]


def test_nothing_starts_without_a_page_or_a_reader(page):
    campaign = draft(page)
    with pytest.raises(errors.NobodyToWrite):
        start_campaign(campaign_id=campaign.pk)
    make.subscriber()
    page.unpublish()
    with pytest.raises(errors.IssueNotPublished):
        start_campaign(campaign_id=campaign.pk)
    campaign.refresh_from_db()
    assert (campaign.state, Mailing.objects.count()) == ("draft", 0)


def test_an_issue_has_one_campaign_under_way_and_nobody_gets_it_from_two(page, mail_server, time):
    make.subscriber("fr@city.example", language="fr")
    make.subscriber("en@city.example")
    first, second = draft(page, languages=["fr"]), draft(page)
    start_campaign(campaign_id=first.pk)
    with pytest.raises(errors.AnotherUnderWay):
        start_campaign(campaign_id=second.pk)
    after_the_window(time)
    deliver_all("bulk")
    advance_campaigns()
    assert addresses(second) == {"en@city.example"}
    start_campaign(campaign_id=second.pk)
    after_the_window(time)
    deliver_all("bulk")
    assert mail_server.recipients() == {"fr@city.example": 1, "en@city.example": 1}


def test_whom_a_cancelled_campaign_did_not_reach_the_next_one_may(page):
    make.subscriber("en@city.example")
    first = draft(page)
    start_campaign(campaign_id=first.pk)
    cancel_campaign(campaign_id=first.pk)
    assert addresses(draft(page)) == {"en@city.example"}


def test_a_message_of_a_cancelled_campaign_is_not_sent_again(page):
    make.subscriber("en@city.example")
    campaign = start_campaign(campaign_id=draft(page).pk)
    cancel_campaign(campaign_id=campaign.pk)
    with pytest.raises(CannotResend, match=r"^It was taken back\.$"):
        resend(message_pk=Message.objects.get().pk, by=PersonFactory(), reason="Asked for")


def test_a_test_goes_out_at_once_in_each_language_with_the_newest_words(page, mail_server):
    french = make.translated(page, "fr", subject="Dix villes")
    french.subject = "Dix villes, un budget"
    french.save_revision()
    french.refresh_from_db()
    campaign = draft(page)
    send_test(campaign_id=campaign.pk, to="editor@city.example")
    assert deliver_all() == 2
    sent = mail_server.to("editor@city.example")
    assert {one["Subject"] for one in sent} == {"Test: Ten cities, one budget", "Test : Dix villes, un budget"}
    assert {one["List-Unsubscribe"] for one in sent} == {None}
    assert (Message.objects.filter(mailing=None).count(), books(campaign).audience) == (2, 0)


def test_progress_has_a_rate_and_an_end(page, mail_server, time):
    for number in range(30):
        make.subscriber(f"p{number}@city.example")
    campaign = start_campaign(campaign_id=draft(page).pk)
    assert (progress(campaign).percent, progress(campaign).ends_at) == (0, None)
    time.shift(WINDOW + timedelta(seconds=10))
    Message.objects.filter(pk__in=list(Message.objects.values_list("pk", flat=True)[:20])).update(
        state="accepted", attempts=1, first_tried_at=clock.now(), started_at=clock.now(), finished_at=clock.now()
    )
    found = progress(campaign)
    assert (found.percent, found.per_minute, found.ends_at) == (66, 120, clock.now() + timedelta(seconds=5))
    pause_campaign(campaign_id=campaign.pk)
    campaign.refresh_from_db()
    assert (progress(campaign).per_minute, progress(campaign).ends_at) == (0, None)


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"state": "sending"}, "newsletter_campaign_frozen_has_mailing"),
        ({"frozen_at": NOW}, "newsletter_campaign_frozen_has_mailing"),
        ({"paused_at": NOW}, "newsletter_campaign_paused_has_moment"),
        ({"finished_at": NOW}, "newsletter_campaign_ended_has_moment"),
    ],
)
def test_the_database_refuses_what_cannot_be(page, fields, name):
    campaign = draft(page)
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        Campaign.objects.filter(pk=campaign.pk).update(**fields)


def test_the_database_refuses_a_second_campaign_under_way_and_an_end_without_books(page):
    make.subscriber()
    first, second = start_campaign(campaign_id=draft(page).pk), draft(page)
    other = Mailing.objects.create(kind="k", title="t", leaves_at=clock.now())
    given = {"state": CampaignState.SENDING, "mailing": other, "frozen_at": clock.now(), "starts_at": clock.now()}
    with pytest.raises(IntegrityError, match="newsletter_campaign_one_at_a_time"), transaction.atomic():
        Campaign.objects.filter(pk=second.pk).update(**given)
    for fields, name in (
        ({"state": "sent", "finished_at": clock.now()}, "newsletter_campaign_sent_has_books"),
        ({"state": "lost"}, "newsletter_campaign_state_known"),
    ):
        with pytest.raises(IntegrityError, match=name), transaction.atomic():
            Campaign.objects.filter(pk=first.pk).update(**fields)
