"""What a campaign froze is what leaves: words that are gone or never were a revision are not replaced by today's."""

import pytest
from django.core.management import call_command
from wagtail.models import Revision

from newsletter.models import Campaign
from newsletter.services import prepare_campaign, start_campaign
from newsletter.services.books import left_out
from tests.factories import newsletter as make
from tests.factories.mail import deliver_all

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def leaves_at_once(settings):
    settings.EVENT_UNDO_SECONDS = 0


@pytest.fixture
def page():
    return make.issue(subject="As agreed")


def started(page) -> Campaign:
    make.subscriber("a@city.example")
    return start_campaign(campaign_id=prepare_campaign(issue=page.translation_key).pk)


def test_a_page_without_a_revision_is_frozen_as_it_is(page, mail_server):
    started(page)
    page.refresh_from_db()
    assert (page.latest_revision, page.live_revision, page.has_unpublished_changes) == (None, None, False)
    page.subject = "Changed meanwhile"
    page.save_revision().publish()
    deliver_all("bulk")
    assert mail_server.accepted[0].message["Subject"] == "As agreed"


def test_a_page_with_a_revision_gets_no_other(page):
    page.save_revision().publish()
    campaign = started(page)
    assert campaign.editions == {"en": {"page": page.pk, "revision": Revision.objects.get().pk}}


def test_words_that_were_purged_are_not_replaced_by_those_of_today(page, mail_server):
    page.save_revision().publish()
    page.refresh_from_db()
    campaign = started(page)
    page.subject = "Changed meanwhile"
    page.save_revision().publish()
    call_command("purge_revisions", verbosity=0)
    deliver_all("bulk")
    assert mail_server.accepted == []
    assert list(left_out(campaign).values_list("state", "reason", "last_reply")) == [
        ("cancelled", "senseless", "The issue has been deleted, or its words as they were frozen.")
    ]
