"""What a coordinator reads on the page of the team when something is not done: where it stands, and what they typed."""

import re
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.test import Client

from core import clock
from mail.models import Message
from municipalities import services
from municipalities.models import Membership
from tests.factories import municipalities as make
from tests.factories.accounts import PersonFactory, sign_in

pytestmark = pytest.mark.django_db

MINE = "/en/my/cities/"
REASON = "Write a reason of at most 300 characters: your colleague reads it."
DAY = "Write the last day as a date, or leave it empty for today."
BEFORE = "The last day cannot lie before the first."
DECIDED = "Somebody has decided this request already."


@dataclass(frozen=True)
class Team:
    """A city with its coordinator, somebody who asks and a member since a week ago."""

    coordinator: Membership
    asking: Membership
    member: Membership

    @property
    def browser(self) -> Client:
        """A browser in which the coordinator is signed in."""
        return sign_in(Client(), self.coordinator.person, factor=False)


@pytest.fixture(scope="module")
def team(made_once: Callable[[], AbstractContextManager[None]]) -> Generator[Team]:
    with made_once():
        coordinator = make.coordinator()
        city = coordinator.local_government
        asking = make.membership(local_government=city, state="asked", department="Klimat")
        yield Team(coordinator, asking, make.membership(local_government=city))


def standing() -> list[tuple[Any, ...]]:
    return list(Membership.objects.order_by("pk").values_list("state", "role", "reason", "ends_on"))


def errors(answer) -> list[tuple[str, str]]:
    """Return each sentence of the summary with what it links to."""
    html = unescape(answer.content.decode())
    assert 'class="errors" role="alert"' in html
    summary = re.search(r'<div class="errors".*?</div>', html, re.DOTALL).group()
    return re.findall(r'<li>(?:<a href="#([^"]+)">)?([^<]+)', summary)


def field(answer, name: str) -> dict[str, str]:
    """Return the attributes of the one field with an id."""
    [tag] = re.findall(rf'<input[^>]* id="{name}"[^>]*>', answer.content.decode())
    return {key: unescape(value) for key, value in re.findall(r'([\w-]+)="([^"]*)"', tag)}


@pytest.mark.parametrize(
    ("who", "action", "name", "typed", "sentence"),
    [
        ("asking", "decline", "reason", None, REASON),
        ("asking", "decline", "reason", " ", REASON),
        ("asking", "decline", "reason", "\x00\u202e\u2066", REASON),
        ("asking", "decline", "reason", "a" * 301, REASON),
        ("member", "end", "ends_on", "soon", DAY),
        ("member", "end", "ends_on", "2026-02-30", DAY),
        ("member", "end", "ends_on", "\x00", DAY),
        ("member", "end", "ends_on", "\u202e10-10-6202", DAY),
        ("member", "end", "ends_on", "9" * 400, DAY),
        ("coordinator", "end", "ends_on", "<soon>", DAY),
    ],
)
def test_bad_input_is_said_at_its_field_and_stays_there(team, who, action, name, typed, sentence):
    before, key = standing(), getattr(team, who).pk
    answer = team.browser.post(f"{MINE}{key}/{action}/", {} if typed is None else {name: typed})
    assert (answer.status_code, errors(answer)) == (422, [(f"{name}-{key}", sentence)])
    shown = field(answer, f"{name}-{key}")
    assert (shown.get("value", ""), shown["aria-invalid"]) == (typed or "", "true")
    html = answer.content.decode()
    assert f'<div class="field__error" id="{name}-{key}_error">{sentence}</div>' in html
    assert f"{name}-{key}_error" in shown["aria-describedby"].split()
    # The form stands open: without scripts nobody would unfold it.
    assert html.count('<details class="disclosure" open>') == 1
    assert (standing(), Message.objects.count()) == (before, 0)


def test_a_last_day_before_the_first_is_refused_at_its_field(team):
    before, key = standing(), team.member.pk
    day = (clock.now().date() - timedelta(days=30)).isoformat()
    answer = team.browser.post(f"{MINE}{key}/end/", {"ends_on": day})
    assert (answer.status_code, errors(answer)) == (409, [(f"ends_on-{key}", BEFORE)])
    assert (field(answer, f"ends_on-{key}")["value"], standing()) == (day, before)


def test_who_decides_later_reads_so_and_keeps_the_reason(team):
    services.approve_membership(membership_id=team.asking.pk, by=team.coordinator.person)
    before, sent = standing(), Message.objects.count()
    answer = team.browser.post(f"{MINE}{team.asking.pk}/decline/", {"reason": "Left <last> year"})
    assert (answer.status_code, errors(answer)) == (409, [(f"membership-{team.asking.pk}", DECIDED)])
    html = answer.content.decode()
    assert html.count(f'<p class="field__error">{DECIDED}</p>') == 1
    assert "<dt>Reason</dt><dd><bdi>Left &lt;last&gt; year</bdi></dd>" in html
    assert (standing(), Message.objects.count()) == (before, sent)


def test_who_approves_what_is_off_the_page_reads_so(team):
    services.end_membership(membership_id=team.asking.pk, by=team.asking.person)
    before = standing()
    answer = team.browser.post(f"{MINE}{team.asking.pk}/approve/")
    assert (answer.status_code, errors(answer), standing()) == (409, [("", DECIDED)], before)
    assert "What you wrote" not in answer.content.decode()


def test_a_request_that_changed_is_said_at_its_row_and_shown_as_it_is_now(team):
    before = standing()
    answer = team.browser.post(f"{MINE}{team.asking.pk}/approve/", {"seen": "member:Trafik"})
    sentence = "The person has changed this request since you read it. Look at it again."
    assert (answer.status_code, errors(answer)) == (409, [(f"membership-{team.asking.pk}", sentence)])
    html = answer.content.decode()
    assert html.count(f'<p class="field__error">{sentence}</p>') == 1
    assert 'name="seen" value="member:Klimat"' in html
    assert standing() == before


def test_sending_a_decision_twice_does_it_once(team):
    other = make.membership(local_government=team.asking.local_government, state="asked")
    for key, action, data in (
        (team.asking.pk, "decline", {"reason": "Left"}),
        (other.pk, "approve", {}),
        (team.member.pk, "end", {"ends_on": ""}),
        (other.pk, "coordinator", {}),
    ):
        browser, address = team.browser, f"{MINE}{key}/{action}/"
        assert browser.post(address, data).status_code == 303
        once = (standing(), Message.objects.count())
        assert browser.post(address, data).status_code == 303
        assert (standing(), Message.objects.count()) == once


def test_what_staff_type_wrongly_about_a_team_that_is_not_theirs_stays(team):
    staff = PersonFactory(is_staff=True, is_superuser=True)
    answer = sign_in(Client(), staff, factor=True).post(f"{MINE}{team.asking.pk}/decline/", {"reason": "a" * 301})
    assert (answer.status_code, errors(answer)) == (422, [("", REASON)])
    assert f"<bdi>{'a' * 301}</bdi>" in answer.content.decode()
