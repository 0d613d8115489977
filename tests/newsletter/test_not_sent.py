"""Why did X (not) get this? Issues of the newsletter that did not go to somebody who asked for it once."""

from datetime import datetime, timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from core import clock
from mail.models import Message
from mail.purposes import Purpose
from mail.services import hold_after_restore, resend
from newsletter import purposes
from newsletter.enums import LeftWhy, SubscriberState
from newsletter.models import Campaign, Subscriber
from newsletter.services import block_address, cancel_campaign, start_campaign, unblock_subscriber
from tests.factories import newsletter as make
from tests.factories.accounts import PersonFactory, sign_in
from tests.newsletter.campaigning import NOW, draft

pytestmark = pytest.mark.django_db
ANA = "ana@city.example"
EARLIER = datetime.fromisoformat(NOW) - timedelta(days=1)


@pytest.fixture(autouse=True)
def clocks():
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


def frozen(page=None, **audience) -> Campaign:
    """Freeze a campaign that has at least one reader, of which Ana is told whatever else there is."""
    make.subscriber()
    return start_campaign(campaign_id=draft(page or make.issue(title="July"), **audience).pk)


def said(address: str = ANA, person=None) -> list[str]:
    return [one.why_not for one in purposes.planned_for([address], person)]


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"state": SubscriberState.ASKED}, "The subscription was asked for and not confirmed."),
        (
            {"state": SubscriberState.LEFT, "left_why": LeftWhy.ONE_CLICK, "confirmed_at": EARLIER},
            "The subscription had ended (the button of a mail program).",
        ),
        (
            {"state": SubscriberState.BLOCKED, "left_why": LeftWhy.STAFF, "confirmed_at": EARLIER},
            "The address was blocked for the newsletter.",
        ),
        (
            {"state": SubscriberState.BLOCKED, "left_why": LeftWhy.UNWANTED},
            "The address was blocked for the newsletter.",
        ),
    ],
)
def test_whoever_is_no_reader_is_told_why(clocks, fields, why):
    make.subscriber("Ana@City.example", **fields)
    clocks.shift(1)
    campaign = frozen()
    (one,) = purposes.planned_for([ANA], None)
    assert (one.what, one.due_at, one.why_not) == ("Newsletter", campaign.starts_at, why)
    assert one.about == Purpose("July", reverse("campaigns:inspect", args=[campaign.pk]))


def test_whoever_confirmed_after_a_campaign_was_frozen_is_told_so(clocks):
    frozen()
    clocks.shift(1)
    make.subscriber(ANA)
    assert said() == ["The subscription was confirmed later."]


def test_whoever_asked_after_a_campaign_was_frozen_is_told_nothing_of_it(clocks):
    frozen()
    clocks.shift(1)
    make.subscriber(ANA, state=SubscriberState.ASKED)
    assert said() == []
    frozen()
    assert said() == ["The subscription was asked for and not confirmed."]


def test_of_whom_staff_blocked_though_they_never_asked_nothing_is_told_either_then_or_unblocked(clocks):
    staff = PersonFactory(admin=True)
    blocked = block_address(email=ANA, by=staff, reason="By telephone.")
    clocks.shift(1)
    frozen()
    assert said() == []
    unblock_subscriber(subscriber_id=blocked.pk, by=staff, reason="By telephone.")
    clocks.shift(1)
    frozen()
    assert said() == []


def test_whoever_left_without_having_confirmed_is_not_told_that_a_subscription_ended(clocks):
    make.subscriber(ANA, state=SubscriberState.LEFT)
    clocks.shift(1)
    frozen()
    assert said() == []


def test_whoever_left_after_it_came_is_told_nothing_here(clocks):
    subscriber = make.subscriber(ANA)
    frozen()
    clocks.shift(1)
    gone = {"state": SubscriberState.LEFT, "left_at": clock.now(), "left_why": LeftWhy.LINK}
    Subscriber.objects.filter(pk=subscriber.pk).update(**gone)
    assert said() == []
    # Nor is anything made up of whose message there is no trace.
    Message.objects.filter(to_address=ANA).delete()
    assert said() == []


@pytest.mark.parametrize(
    ("audience", "fields", "is_told"),
    [
        ({"languages": ["en"]}, {"language": "fr"}, True),
        ({"languages": ["en"]}, {"language": "en"}, False),
        ({"countries": ["PT"]}, {"country": "BR"}, True),
        ({"countries": ["PT"]}, {"country": "PT"}, False),
        ({"interests": ["energy"]}, {"interests": ["transport"]}, True),
        ({"interests": ["energy"]}, {"interests": ["transport", "energy"]}, False),
        ({"interests": ["energy"]}, {}, False),
    ],
)
def test_whoever_is_not_in_the_audience_is_told_so(audience, fields, is_told):
    make.subscriber(country="PT", interests=["energy"])
    make.subscriber(ANA, **{"interests": ["energy"] if "countries" in audience else [], **fields})
    campaign = frozen(**audience)
    is_reader = Message.objects.filter(mailing=campaign.mailing, to_address=ANA).exists()
    Message.objects.filter(mailing=campaign.mailing, to_address=ANA).delete()
    why = "The campaign was for other languages, countries or topics."
    assert (is_reader, said()) == (not is_told, [why] if is_told else [])


@pytest.mark.parametrize(
    ("state", "again"), [("accepted", ["The issue went to this address with another campaign."]), ("cancelled", [])]
)
def test_whoever_had_the_issue_is_told_so(clocks, state, again):
    make.subscriber(ANA)
    page = make.issue(title="July")
    first = frozen(page)
    ended = {"reason": "withdrawn"} if state == "cancelled" else {"first_tried_at": clock.now(), "attempts": 1}
    Message.objects.update(state=state, started_at=clock.now(), finished_at=clock.now(), **ended)
    Campaign.objects.filter(pk=first.pk).update(state="sent", finished_at=clock.now(), closing={"audience": 2})
    clocks.shift(1)
    frozen(page)
    assert said() == again


def ended(campaign: Campaign) -> None:
    """Have all of a campaign delivered."""
    tried = {"first_tried_at": clock.now(), "attempts": 1}
    Message.objects.filter(mailing=campaign.mailing).update(
        state="accepted", started_at=clock.now(), finished_at=clock.now(), **tried
    )
    Campaign.objects.filter(pk=campaign.pk).update(state="sent", finished_at=clock.now(), closing={"audience": 2})


def test_what_had_left_of_a_campaign_before_it_was_cancelled_counts_as_had(clocks):
    make.subscriber(ANA)
    page = make.issue(title="July")
    first = frozen(page)
    ended(first)
    Campaign.objects.filter(pk=first.pk).update(state="cancelled", closing={})
    clocks.shift(1)
    frozen(page)
    assert said() == ["The issue went to this address with another campaign."]


HAD = "The issue went to this address with another campaign."


def refused(campaign: Campaign) -> Message:
    """Have all of a campaign delivered but Ana's, which her server does not want; return that."""
    ended(campaign)
    message = Message.objects.get(mailing=campaign.mailing, to_address=ANA)
    message.state, message.reason = "failed", "refused"
    message.save(update_fields=["state", "reason"])
    return message


def test_whoever_got_the_issue_because_staff_sent_it_again_is_told_so(clocks):
    make.subscriber(ANA)
    page = make.issue(title="July")
    message = refused(frozen(page))
    clocks.shift(1)
    resend(message_pk=message.pk, by=PersonFactory(), reason="Asked for")
    clocks.shift(1)
    second = frozen(page)
    assert not Message.objects.filter(mailing=second.mailing, to_address=ANA).exists()
    assert said() == [HAD]


@pytest.mark.parametrize(("copy_failed", "why"), [(False, HAD), (True, "")])
def test_a_copy_that_failed_too_is_no_reason(clocks, copy_failed, why):
    make.subscriber(ANA)
    page = make.issue(title="July")
    copy = resend(message_pk=refused(frozen(page)).pk, by=PersonFactory(), reason="Asked for")
    clocks.shift(1)
    frozen(page)
    if copy_failed:
        Message.objects.filter(pk=copy.pk).update(state="suppressed", reason="suppressed", finished_at=clock.now())
    assert said() == ([why] if why else [])


def test_what_staff_sent_again_later_is_no_reason_why_a_campaign_did_not_bring_it(clocks):
    make.subscriber(ANA, language="fr")
    page = make.issue(title="July")
    message = refused(frozen(page))
    clocks.shift(1)
    ended(frozen(page, languages=["en"]))
    clocks.shift(1)
    resend(message_pk=message.pk, by=PersonFactory(), reason="Asked for")
    assert said() == ["The campaign was for other languages, countries or topics."]


def test_whoever_may_have_got_the_issue_before_a_restore_is_told_so(clocks):
    make.subscriber(ANA)
    page = make.issue(title="July")
    first = frozen(page)
    hold_after_restore()
    Campaign.objects.filter(pk=first.pk).update(state="sent", finished_at=clock.now(), closing={"audience": 2})
    clocks.shift(1)
    make.subscriber("new@city.example")
    second = frozen(page)
    assert not Message.objects.filter(mailing=second.mailing, to_address=ANA).exists()
    assert said() == [HAD]


def test_with_which_campaign_an_issue_came_later_is_no_reason_why_it_did_not_come_before(clocks):
    make.subscriber(ANA, language="fr")
    page = make.issue(title="July")
    ended(frozen(page, languages=["en"]))
    clocks.shift(1)
    second = frozen(page)
    assert Message.objects.filter(mailing=second.mailing, to_address=ANA).exists()
    assert said() == ["The campaign was for other languages, countries or topics."]


def test_of_whoever_never_asked_of_drafts_and_of_what_was_cancelled_nothing_is_told():
    draft(make.issue())
    campaign = frozen()
    assert said() == []
    make.subscriber(ANA, state=SubscriberState.ASKED)
    assert len(said()) == 1
    cancel_campaign(campaign_id=campaign.pk)
    assert said() == []


def test_what_the_outbox_may_have_forgotten_is_not_told(settings):
    make.subscriber(ANA, state=SubscriberState.ASKED)
    frozen()
    settings.RETENTION_MAIL_DAYS = 0
    assert said() == []


def test_a_subscription_of_the_account_is_told_whatever_its_address():
    person = PersonFactory(email="new@city.example")
    make.subscriber(ANA, state=SubscriberState.ASKED, person=person)
    frozen()
    assert (said("new@city.example"), len(said("new@city.example", person))) == ([], 1)


@pytest.mark.parametrize("number", [1, 3])
def test_it_costs_the_same_for_one_campaign_and_for_three(django_assert_num_queries, number):
    make.subscriber(ANA, state=SubscriberState.ASKED, interests=["energy"])
    for _step in range(number):
        frozen()
    with django_assert_num_queries(4):
        assert len(said()) == number


def test_staff_read_it_among_what_was_left_out(client: Client):
    make.subscriber(ANA, state=SubscriberState.ASKED)
    frozen(make.issue(title="<July>"))
    sign_in(client, PersonFactory(admin=True))
    html = " ".join(client.get("/admin/outbox/whose/", {"q": ANA}).content.decode().split())
    left_out = html.split("<h2>Left out</h2>")[1].split("<h2>Messages</h2>")[0]
    assert "<bdi>&lt;July&gt;</bdi></a>. The subscription was asked for and not confirmed.</li>" in left_out
