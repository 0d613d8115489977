"""What coordinators and moderators see of people who are erased, and of the pace once a cohort is over."""

import csv
import re
from datetime import timedelta
from io import BytesIO, StringIO

import pytest
import time_machine
from openpyxl import load_workbook

from accounts.enums import Channel
from accounts.services import erase, subject_of
from learning.models import Enrolment
from learning.sheets import OF_TEAM, Sheet
from tests.factories import accounts
from tests.factories import learning as make
from tests.learning import teamwork

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("for_moderator", [False, True])
def test_erased_people_have_neither_name_nor_address(for_moderator):
    one = teamwork.a_team()
    gone = teamwork.joined(one, "Ana Silva")[0]
    erase(subject=subject_of(gone.person), channel=Channel.SELF)
    address, person, first = one.dashboard(), one.coordinator, 0
    if for_moderator:
        address, person, first = one.desk(), accounts.PersonFactory(), 1
        one.cohort.moderators.add(person)
    client = teamwork.client_of(person)
    page = client.get(address).content.decode()
    assert re.findall(r"<bdi>(Personal data erased|–|[^<]*@[^<]*)</bdi>", page) == ["Personal data erased"]
    assert "erased.invalid" not in page
    sent = b"".join(client.get(address, {"export": "csv"}).streaming_content).decode("utf-8-sig")
    _headings, row = csv.reader(StringIO(sent))
    assert row[first : first + 2] == ["Personal data erased", ""]
    book = load_workbook(BytesIO(b"".join(client.get(address, {"export": "xlsx"}).streaming_content)))
    assert [cell.value or "" for cell in book.active[2]][first : first + 2] == ["Personal data erased", ""]


@pytest.mark.parametrize(("hours", "pace"), [(-1, "Behind"), (0, "")])
def test_nobody_is_behind_once_the_cohort_is_over(hours, pace):
    cohort = make.running_cohort()
    make.learner(cohort, "Ana Silva")
    with time_machine.travel(cohort.ends_at + timedelta(hours=hours), tick=False):
        found = Enrolment.objects.with_progress().select_related("cohort")
        [(_row, cells)] = Sheet(OF_TEAM, found, "team").cells
    assert {str(cell.label): cell.words for cell in cells}["Pace"] == pace
