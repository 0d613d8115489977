"""What happened is written once: no history can be made to say something else."""

import pytest

from core.models import HistoryStep
from events.models import RegistrationChange
from learning.models import EnrolmentChange
from newsletter.models import CampaignChange, SubscriberChange
from tests.factories import events as make

pytestmark = pytest.mark.django_db


def test_a_step_is_written_once():
    step = make.registered(make.bare_event(), "Ana").changes.get()
    step.reason = "Something else"
    with pytest.raises(TypeError, match=r"^A history is only ever added to\.$"):
        step.save()
    step.refresh_from_db()
    assert (str(step), step.reason) == ("Registered with a seat", "")


def test_all_histories_keep_to_it_and_are_read_in_order():
    for model in (RegistrationChange, EnrolmentChange, SubscriberChange, CampaignChange):
        assert (issubclass(model, HistoryStep), model._meta.ordering, model._meta.abstract) == (
            True,
            ["at", "pk"],
            False,
        )
