"""Campaigns where something came between: restores, copies sent again, edits, erasures, and pauses that come too late."""

from datetime import timedelta

import pytest
from wagtail.models import Revision

from core import clock
from core.services import purging
from mail import rules
from mail.enums import Outcome
from mail.models import Mailing, Message
from mail.services import hold_after_restore, ledger, resend, sweeping
from mail.services.resending import CannotResend
from mail.services.writing import Desk
from mail.transport import Answer
from newsletter import campaign_errors as errors
from newsletter.models import Campaign
from newsletter.services import advance_campaigns, cancel_campaign, close_books_anew, pause_campaign, start_campaign
from newsletter.services.books import Books, books
from tests.factories import newsletter as make
from tests.factories.accounts import PersonFactory
from tests.factories.mail import deliver_all
from tests.newsletter.campaigning import WINDOW, addresses, after_the_window, draft

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("time")]


@pytest.fixture
def page():
    return make.issue(title="Ten cities", subject="Ten cities, one budget")


@pytest.fixture
def refused(page, time, mail_server) -> Message:
    """The message of the one reader of a campaign that has ended, whose server does not want it."""
    mail_server.refuse("en@city.example", "550 5.7.1 Not from you")
    make.subscriber("en@city.example")
    start_campaign(campaign_id=draft(page).pk)
    after_the_window(time)
    deliver_all("bulk")
    advance_campaigns()
    return Message.objects.get()


@pytest.mark.parametrize("has_revision", [True, False])
def test_the_words_of_the_start_leave_though_the_page_is_edited_and_revisions_are_purged(
    page, mail_server, time, has_revision
):
    if has_revision:
        page.save_revision().publish()
        page.refresh_from_db()
    make.subscriber("en@city.example")
    start_campaign(campaign_id=draft(page).pk)
    page.subject = "Later words"
    page.body = [("text", {"heading": "Later", "text": "<p>Later.</p>"})]
    page.save()
    page.save_revision().publish()
    Revision.objects.filter(object_id=str(page.pk)).exclude(pk=page.live_revision_id).delete()
    after_the_window(time)
    deliver_all("bulk")
    [sent] = mail_server.to("en@city.example")
    assert (sent["Subject"], "Later" in sent.as_string()) == ("Ten cities, one budget", False)


def test_one_message_that_was_erased_on_its_way_keeps_no_other_back(page, mail_server, time):
    for name in ("a", "b", "c"):
        make.subscriber(f"{name}@city.example")
    campaign = start_campaign(campaign_id=draft(page).pk)
    Message.objects.filter(to_address="b@city.example").update(params={})
    after_the_window(time)
    deliver_all("bulk")
    assert set(mail_server.recipients()) == {"a@city.example", "c@city.example"}
    assert books(campaign) == Books(audience=3, accepted=2, cancelled=1)


@pytest.mark.parametrize(("copy", "left"), [("accepted", set()), ("failed", {"en@city.example"})])
def test_who_got_the_copy_that_staff_sent_again_is_no_reader_of_the_next_campaign(
    page, refused, mail_server, copy, left
):
    assert addresses(draft(page)) == {"en@city.example"}
    if copy == "accepted":
        mail_server.answers.clear()
    resend(message_pk=refused.pk, by=PersonFactory(), reason="Asked for")
    assert addresses(draft(page)) == set()
    deliver_all("bulk")
    assert Message.objects.order_by("-pk").values_list("state", flat=True)[0] == copy
    assert addresses(draft(page)) == left


@pytest.mark.parametrize(("repeats", "left"), [(1, set()), (0, {"en@city.example"})])
def test_who_may_have_got_it_before_a_repeat_was_taken_back_is_no_reader_of_the_next_campaign(page, repeats, left):
    make.subscriber("en@city.example")
    campaign = start_campaign(campaign_id=draft(page).pk)
    tried = {"attempts": 1, "first_tried_at": clock.now(), "started_at": clock.now()}
    Message.objects.update(state="deferred", reason="no_answer", repeats=repeats, **tried)
    cancel_campaign(campaign_id=campaign.pk)
    assert Message.objects.get().state == ("unknown" if repeats else "cancelled")
    assert addresses(draft(page)) == left


@pytest.mark.parametrize(("repeats", "left"), [(1, set()), (0, {"en@city.example"})])
def test_who_may_have_got_a_copy_before_its_repeat_failed_is_no_reader_of_the_next_campaign(
    page, refused, repeats, left
):
    copy = resend(message_pk=refused.pk, by=PersonFactory(), reason="Asked for")
    tried = {"attempts": 1, "first_tried_at": clock.now(), "started_at": clock.now()} if repeats else {}
    Message.objects.filter(pk=copy.pk).update(repeats=repeats, **tried)
    deliver_all("bulk")
    copy.refresh_from_db()
    assert (copy.state, addresses(draft(page))) == ("unknown" if repeats else "failed", left)


def test_an_old_copy_is_not_sent_again_to_who_has_the_issue_from_a_second_campaign(page, refused, time, mail_server):
    mail_server.answers.clear()
    start_campaign(campaign_id=draft(page).pk)
    with pytest.raises(CannotResend, match="has had the issue by another campaign"):
        resend(message_pk=refused.pk, by=PersonFactory(), reason="Asked for")
    after_the_window(time)
    deliver_all("bulk")
    assert mail_server.recipients() == {"en@city.example": 1}
    # Its own campaign is no other: what was lost is sent again.
    second = Message.objects.exclude(pk=refused.pk).get()
    assert resend(message_pk=second.pk, by=PersonFactory(), reason="Lost").key == f"{second.key}:resent:1"


def test_nothing_of_a_paused_campaign_is_sent_again(page, time, mail_server):
    mail_server.refuse("a@city.example", "550 5.7.1 Not from you")
    mail_server.refuse("b@city.example", "450 4.2.0 Later")
    for name in ("a", "b"):
        make.subscriber(f"{name}@city.example")
    campaign = start_campaign(campaign_id=draft(page).pk)
    after_the_window(time)
    deliver_all("bulk")
    pause_campaign(campaign_id=campaign.pk)
    failed = Message.objects.get(state="failed")
    with pytest.raises(CannotResend, match="Its campaign is paused"):
        resend(message_pk=failed.pk, by=PersonFactory(), reason="Asked for")


def test_who_may_have_got_it_before_a_restore_is_no_reader_of_the_next_campaign(page):
    make.subscriber("en@city.example")
    start_campaign(campaign_id=draft(page).pk)
    assert hold_after_restore() == 1
    advance_campaigns()
    assert addresses(draft(page)) == set()


def test_a_moment_that_has_passed_starts_nothing_and_one_of_some_minutes_ago_means_now(page):
    make.subscriber()
    campaign = draft(page)
    with pytest.raises(errors.MomentPassed):
        start_campaign(campaign_id=campaign.pk, at=clock.now() - timedelta(minutes=16))
    assert (Campaign.objects.get().state, Message.objects.count()) == ("draft", 0)
    started = start_campaign(campaign_id=campaign.pk, at=clock.now() - timedelta(minutes=14))
    assert started.starts_at == clock.now() + WINDOW


def test_a_campaign_whose_last_message_has_left_is_not_cancelled_before_the_sweep_sees_it(page, mail_server, time):
    make.subscriber()
    campaign = start_campaign(campaign_id=draft(page).pk)
    after_the_window(time)
    deliver_all("bulk")
    with pytest.raises(errors.CampaignNotUnderWay):
        cancel_campaign(campaign_id=campaign.pk)
    advance_campaigns()
    assert Campaign.objects.get().state == "sent"


def test_a_campaign_paused_after_its_last_message_has_left_ends(page, mail_server, time):
    make.subscriber()
    campaign = start_campaign(campaign_id=draft(page).pk)
    after_the_window(time)
    deliver_all("bulk")
    pause_campaign(campaign_id=campaign.pk)
    with pytest.raises(errors.CampaignNotUnderWay):
        cancel_campaign(campaign_id=campaign.pk)
    assert advance_campaigns() == 1
    campaign.refresh_from_db()
    assert (campaign.state, campaign.paused_at, campaign.closing) == ("sent", None, {"accepted": 1})
    assert Mailing.objects.get().paused_at is None
    assert advance_campaigns() == 0


def test_books_kept_after_retention_know_of_an_answer_that_came_after_the_end(page, mail_server, time):
    for name in ("slow", "lost", "ok"):
        make.subscriber(f"{name}@city.example")
    campaign = start_campaign(campaign_id=draft(page).pk)
    after_the_window(time)
    lease = ledger.lease(stream="bulk", limit=2)
    ledger.turn(lease=lease, closing=[], opening=[one.opening for one in Desk(lease).next_group(2)])
    deliver_all("bulk")
    time.shift(timedelta(hours=1))
    assert sweeping.sweep().unknown == 2
    assert advance_campaigns() == 1
    campaign.refresh_from_db()
    assert campaign.closing == {"accepted": 1, "unknown": 2}
    late = rules.verdict(lease.messages[0], Answer(Outcome.ACCEPTED, 250, "OK"), now=clock.now())
    ledger.turn(lease=lease, closing=[late], opening=[])
    expected = Books(audience=3, accepted=2, unknown=1)
    assert books(campaign) == expected
    # The first goes a night before the others, which then no longer are the whole.
    Message.objects.filter(state="accepted").update(finished_at=clock.now() - timedelta(days=1))
    for day in (729.5, 1):
        time.shift(timedelta(days=day))
        purging.purge()
        campaign.refresh_from_db()
        assert books(campaign) == expected
    assert Message.objects.count() == 0


def test_books_of_a_campaign_of_which_messages_are_gone_already_stay_as_they_were(page, mail_server, time):
    for name in ("a", "b"):
        make.subscriber(f"{name}@city.example")
    campaign = start_campaign(campaign_id=draft(page).pk)
    after_the_window(time)
    deliver_all("bulk")
    advance_campaigns()
    Message.objects.filter(to_address="a@city.example").delete()
    close_books_anew(mailings_of=[Mailing.objects.get().pk])
    campaign.refresh_from_db()
    assert campaign.closing == {"accepted": 2}
