"""Races of campaigns on a real database; each with a control that takes the lock or the guard away and goes wrong."""

import threading
from collections.abc import Callable

import pytest
from django.db import IntegrityError
from django.db.models import QuerySet

from core import clock
from mail.models import Mailing, Message
from mail.services import delivery, ledger, mailings, resending, turning
from newsletter.campaign_errors import AnotherUnderWay, CampaignNotUnderWay
from newsletter.models import Campaign
from newsletter.services import (
    advance_campaigns,
    campaigns,
    cancel_campaign,
    discard_campaign,
    pause_campaign,
    prepare_campaign,
    resume_campaign,
    start_campaign,
)
from newsletter.services.books import books
from tests.factories import newsletter as make
from tests.factories.accounts import PersonFactory
from tests.factories.mail import deliver_all
from tests.races.meeting import Later, at_once, meet_after, meet_before
from tests.races.test_outbox_races import AT_THE_GATE, without
from tests.services.smtpscript import ScriptedServer

pytestmark = pytest.mark.django_db(transaction=True)
Start = Callable[..., ScriptedServer]
READERS = 40
# So many the server has taken when the decision comes.
WAIT_FOR = 8
PATIENCE = 20
PAUSED = (ledger._LEASE[ledger._LEASE.index("AND (mailing_id") : ledger._LEASE.index("ORDER BY")], "")


@pytest.fixture(autouse=True)
def leaves_at_once(settings):
    settings.MAIL_UNDO_SECONDS = 0
    settings.MAIL_BATCH_SIZES = {"transactional": 10, "bulk": 10}
    settings.MAIL_GROUP_SIZES = {"transactional": 1, "bulk": 5}


def draft(readers: int = READERS) -> Campaign:
    page = make.issue()
    for number in range(readers):
        make.subscriber(f"p{number}@city.example")
    return prepare_campaign(issue=page.translation_key)


@pytest.fixture
def meet_after_freezing(monkeypatch):
    """Have all meet between reading who gets an issue and committing that."""
    meet_after(monkeypatch, mailings, "freeze")


@pytest.fixture
def without_lock(monkeypatch):
    """Read the campaigns of an issue without locking them."""
    monkeypatch.setattr(campaigns, "locked_with_its_issue", lambda pk: Campaign.objects.get(pk=pk))


def start_four_times(campaign: Campaign) -> list:
    return at_once([lambda: start_campaign(campaign_id=campaign.pk)] * 4)


def test_a_campaign_started_four_times_at_once_is_started_once(meet_after_freezing):
    campaign = draft()
    answers = start_four_times(campaign)
    assert {answer.mailing_id for answer in answers} == {Mailing.objects.get().pk}
    campaign.refresh_from_db()
    assert (books(campaign).audience, books(campaign).waiting) == (READERS, READERS)


def test_control_without_the_lock_starts_collide(meet_after_freezing, without_lock):
    answers = start_four_times(draft())
    assert any(isinstance(answer, Exception) for answer in answers) or Mailing.objects.count() > 1


def test_who_starts_a_draft_that_is_being_discarded_learns_that_it_is_gone(monkeypatch):
    meet_after(monkeypatch, Campaign, "delete")
    campaign = draft(1)
    _gone, started = at_once(
        [lambda: discard_campaign(campaign_id=campaign.pk), Later(lambda: start_campaign(campaign_id=campaign.pk))]
    )
    assert (type(started), Message.objects.count()) == (Campaign.DoesNotExist, 0)


def two_of_one_issue() -> tuple[Campaign, Campaign]:
    first = draft()
    return first, prepare_campaign(issue=first.issue)


def test_two_campaigns_of_one_issue_started_at_once_are_one(meet_after_freezing):
    pair = two_of_one_issue()
    answers = at_once([lambda one=one: start_campaign(campaign_id=one.pk) for one in pair])
    assert [type(one) for one in answers if isinstance(one, Exception)] == [AnotherUnderWay]
    assert Message.objects.count() == READERS


def test_control_without_the_lock_only_the_database_keeps_two_campaigns_apart(meet_after_freezing, without_lock):
    pair = two_of_one_issue()
    answers = at_once([lambda one=one: start_campaign(campaign_id=one.pk) for one in pair])
    assert [type(one) for one in answers if isinstance(one, Exception)] == [IntegrityError]


def sent_again_while_the_next_starts(monkeypatch, *, first: str) -> int:
    """Send a failed copy again while another campaign of the issue starts; return how many copies are on their way."""
    lost = start_campaign(campaign_id=draft(1).pk)
    Message.objects.update(state="failed", reason="refused", finished_at=clock.now())
    assert advance_campaigns() == 1
    message, by = Message.objects.get(), PersonFactory()
    following = prepare_campaign(issue=lost.issue)
    meet_after(monkeypatch, resending, "_copy")
    calls = {
        "resend": lambda: resending.resend(message_pk=message.pk, by=by, reason="Lost"),
        "start": lambda: start_campaign(campaign_id=following.pk),
    }
    later = next(call for name, call in calls.items() if name != first)
    at_once([calls[first], Later(later)])
    return Message.objects.exclude(pk=message.pk).count()


@pytest.mark.parametrize("first", ["start", "resend"])
def test_a_copy_sent_again_while_another_campaign_of_the_issue_starts_is_the_only_one(
    meet_after_freezing, monkeypatch, first
):
    assert sent_again_while_the_next_starts(monkeypatch, first=first) == 1


@pytest.mark.parametrize("first", ["start", "resend"])
def test_control_without_the_lock_the_reader_would_get_the_issue_twice(
    meet_after_freezing, without_lock, monkeypatch, first
):
    assert sent_again_while_the_next_starts(monkeypatch, first=first) == 2


def in_mid_flight(scripted: Start, decide: Callable[..., Campaign]) -> tuple[ScriptedServer, Campaign, int]:
    """Decide while two workers deliver, the server answering neither; return also how many it had at that moment."""
    campaign = start_campaign(campaign_id=draft().pk)
    is_reached, is_decided = threading.Event(), threading.Event()

    def hold(_recipient: str) -> None:
        if len(server.accepted) >= WAIT_FOR:
            is_reached.set()
            is_decided.wait(PATIENCE)

    def decided() -> int:
        assert is_reached.wait(PATIENCE)
        try:
            decide(campaign_id=campaign.pk)
            return len(server.accepted)
        finally:
            is_decided.set()

    server = scripted(on_data=hold)
    *_workers, had = at_once([lambda: deliver_all("bulk"), lambda: deliver_all("bulk"), decided])
    campaign.refresh_from_db()
    return server, campaign, had


def test_after_a_pause_no_worker_begins_another_group(scripted: Start):
    server, campaign, had = in_mid_flight(scripted, pause_campaign)
    # Each of the two workers may end the group that it had begun.
    assert had <= len(server.accepted) <= had + 2 * 5
    assert deliver_all("bulk") == 0
    assert books(campaign).is_balanced
    assert books(campaign).accepted == len(server.accepted) < READERS
    resume_campaign(campaign_id=campaign.pk)
    deliver_all("bulk")
    assert server.recipients() == {f"p{number}@city.example": 1 for number in range(READERS)}
    assert advance_campaigns() in {0, 1}


def test_control_a_lease_and_a_start_that_know_no_pause_send_everything(scripted: Start, monkeypatch):
    guard = turning._HELD[turning._HELD.index("AND NOT EXISTS") :]
    with without(monkeypatch, ledger, "_LEASE", PAUSED), without(monkeypatch, turning, "_OPEN_FILLED", (guard, "")):
        server, _campaign, _had = in_mid_flight(scripted, pause_campaign)
    assert len(server.accepted) == READERS


def taken_then_paused(server: ScriptedServer) -> tuple[int, dict]:
    """Pause between a lease's snapshot and its end, so that the lease alone cannot know; return what came of it."""
    campaign = start_campaign(campaign_id=draft(10).pk)
    lease = ledger.lease(stream="bulk", limit=10)
    pause_campaign(campaign_id=campaign.pk)
    delivery._work_through(lease)
    ledger.release(lease=lease)
    return len(server.accepted), dict.fromkeys(Message.objects.values_list("state", flat=True))


def test_what_was_taken_before_the_pause_is_not_begun_after_it(scripted: Start):
    assert taken_then_paused(scripted()) == (0, {"queued": None})


def test_control_without_the_guard_what_was_taken_leaves_in_spite_of_the_pause(scripted: Start, monkeypatch):
    guard = turning._HELD[turning._HELD.index("AND NOT EXISTS") :]
    with without(monkeypatch, turning, "_OPEN_FILLED", (guard, "")):
        assert taken_then_paused(scripted()) == (10, {"accepted": None})


def test_a_lease_under_way_while_the_pause_comes_sends_nothing(scripted: Start, monkeypatch):
    server = scripted()
    campaign = start_campaign(campaign_id=draft(10).pk)
    with without(monkeypatch, ledger, "_LEASE", AT_THE_GATE):
        at_once(
            [lambda: delivery.deliver(stream="bulk"), Later(lambda: pause_campaign(campaign_id=campaign.pk))],
            gate=True,
        )
    assert (server.accepted, books(campaign).waiting) == ([], 10)


def out_of_step(campaign: Campaign) -> bool:
    """Tell whether a campaign says something else than its mailing does."""
    campaign.refresh_from_db()
    mailing = Mailing.objects.get()
    is_paused, is_cancelled = campaign.paused_at is not None, campaign.state == "cancelled"
    return (is_paused, is_cancelled) != (mailing.paused_at is not None, mailing.withdrawn_at is not None)


@pytest.mark.rounds(20)
@pytest.mark.parametrize("other", [resume_campaign, cancel_campaign, pause_campaign])
def test_pausing_against_another_decision_leaves_campaign_and_mailing_in_step(other):
    campaign = start_campaign(campaign_id=draft(4).pk)
    answers = at_once([lambda: pause_campaign(campaign_id=campaign.pk), lambda: other(campaign_id=campaign.pk)] * 3)
    assert {type(one) for one in answers if isinstance(one, Exception)} <= {CampaignNotUnderWay}
    assert not out_of_step(campaign)
    assert books(campaign).is_balanced


def pausing_against_cancelling(monkeypatch) -> tuple[Campaign, list[Exception]]:
    """Cancel a campaign while somebody who pauses it has looked at it; return what failed, too."""
    campaign = start_campaign(campaign_id=draft(4).pk)
    meet_before(monkeypatch, mailings, "pause")
    calls = [lambda: pause_campaign(campaign_id=campaign.pk), Later(lambda: cancel_campaign(campaign_id=campaign.pk))]
    return campaign, [one for one in at_once(calls) if isinstance(one, Exception)]


def test_a_campaign_cancelled_while_it_is_paused_is_cancelled(monkeypatch):
    campaign, problems = pausing_against_cancelling(monkeypatch)
    assert (problems, out_of_step(campaign), campaign.state) == ([], False, "cancelled")


def test_control_without_the_lock_a_cancelled_campaign_is_paused_or_the_database_refuses(monkeypatch):
    monkeypatch.setattr(campaigns, "_locked", lambda pk: Campaign.objects.get(pk=pk))
    campaign, problems = pausing_against_cancelling(monkeypatch)
    assert out_of_step(campaign) or [type(one) for one in problems] == [IntegrityError]


def test_a_campaign_cancelled_while_workers_deliver_closes_its_books(scripted: Start):
    server, campaign, _had = in_mid_flight(scripted, cancel_campaign)
    found = books(campaign)
    assert (found.accepted, found.accepted + found.cancelled) == (len(server.accepted), READERS)
    assert found.cancelled > 0
    assert max(server.recipients().values()) == 1
    assert advance_campaigns() == 1


def ended_by_four_sweeps(monkeypatch) -> tuple[int, Campaign]:
    """End a campaign, whose mail has left, by four sweeps at once; return how many claim it."""
    campaign = start_campaign(campaign_id=draft(3).pk)
    deliver_all("bulk")
    meet_before(monkeypatch, mailings, "books")
    claims = sum(at_once([advance_campaigns] * 4))
    campaign.refresh_from_db()
    return claims, campaign


def test_sweeps_at_once_end_a_campaign_once(scripted: Start, monkeypatch):
    scripted()
    claims, campaign = ended_by_four_sweeps(monkeypatch)
    assert (claims, campaign.state, campaign.closing) == (1, "sent", {"accepted": 3})


def test_control_without_the_lock_each_sweep_ends_it(scripted: Start, monkeypatch):
    scripted()
    monkeypatch.setattr(QuerySet, "select_for_update", lambda rows, **how: rows)
    assert ended_by_four_sweeps(monkeypatch)[0] == 4
