"""Nobody gets an issue from two campaigns, whatever staff or a restore did in between."""

import pytest

from mail.models import Message
from mail.services import holding, resend
from newsletter.models import Campaign
from newsletter.services import advance_campaigns, prepare_campaign, start_campaign
from newsletter.services.audiences import readers
from tests.factories import newsletter as make
from tests.factories.accounts import PersonFactory
from tests.factories.mail import deliver_all

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def leaves_at_once(settings):
    settings.EVENT_UNDO_SECONDS = 0


@pytest.fixture
def issue():
    return make.issue().translation_key


def addresses(campaign: Campaign) -> set[str]:
    return set(readers(campaign).values_list("email", flat=True))


def refused_then_sent_again(issue, mail_server) -> Message:
    """Let the server refuse a reader of one of two campaigns; return the copy that staff then asked for."""
    make.subscriber("a@city.example")
    mail_server.refuse("a@city.example", "550 5.7.1 Not from you")
    start_campaign(campaign_id=prepare_campaign(issue=issue).pk)
    deliver_all("bulk")
    advance_campaigns()
    make.subscriber("late@city.example")
    return resend(message_id=Message.objects.get().pk, by=PersonFactory(), reason="The server was set right")


def test_who_got_a_copy_from_staff_is_no_reader_of_the_next_campaign(issue, mail_server):
    refused_then_sent_again(issue, mail_server)
    second = prepare_campaign(issue=issue)
    assert addresses(second) == {"late@city.example"}
    mail_server.answers.clear()
    deliver_all("bulk")
    assert addresses(second) == {"late@city.example"}
    start_campaign(campaign_id=second.pk)
    deliver_all("bulk")
    assert mail_server.recipients() == {"a@city.example": 1, "late@city.example": 1}


def test_who_did_not_get_the_copy_either_is_a_reader_of_the_next_campaign(issue, mail_server):
    refused_then_sent_again(issue, mail_server)
    deliver_all("bulk")
    assert addresses(prepare_campaign(issue=issue)) == {"a@city.example", "late@city.example"}


def test_whom_a_restore_held_back_the_next_campaign_leaves_out(issue):
    for name in ("a", "b"):
        make.subscriber(f"{name}@city.example")
    start_campaign(campaign_id=prepare_campaign(issue=issue).pk)
    assert holding.hold_after_restore() == 2
    assert advance_campaigns() == 1
    make.subscriber("late@city.example")
    assert addresses(prepare_campaign(issue=issue)) == {"late@city.example"}
