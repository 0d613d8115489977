"""Limits: counted for all processes together, each subject apart, and forgotten when their time is over."""

import time_machine
from django.http import HttpResponse

from core import limits, valkey

DOOR = limits.Limit("door", 2, 600)
HOUSE = limits.Limit("house", 3, 3600)


def test_the_first_limit_that_is_passed_is_told():
    answers = [limits.exceeded([(HOUSE, "a network"), (DOOR, "an address")]) for _ in range(4)]
    assert answers == [None, None, DOOR, HOUSE]
    assert limits.exceeded([(DOOR, "another address")]) is None


def test_whoever_is_too_often_is_told_when_to_come_back():
    page = limits.slowed(HttpResponse("what was typed"), DOOR)
    assert (page.status_code, page["Retry-After"], page.content) == (429, "600", b"what was typed")
    assert page.reason_phrase == "Too Many Requests"


def test_nothing_asked_is_nothing_passed():
    assert limits.exceeded([]) is None


def test_a_limit_holds_for_its_window_and_its_count_is_then_forgotten():
    with time_machine.travel("2026-11-22 12:00:00+00:00", tick=False) as traveller:
        assert [limits.exceeded([(DOOR, "x"), (HOUSE, "x")]) for _ in range(3)] == [None, None, DOOR]
        keys = sorted(valkey.client().keys("limit:*"))
        assert [key.split(b":")[1] for key in keys] == [b"door", b"house"]
        assert [
            0 < valkey.client().ttl(key) <= limit.seconds for key, limit in zip(keys, (DOOR, HOUSE), strict=True)
        ] == [
            True,
            True,
        ]
        traveller.shift(600)
        assert limits.exceeded([(DOOR, "x")]) is None


def test_what_is_kept_names_nobody():
    limits.exceeded([(DOOR, "ana@example.org")])
    assert [b"ana" in key for key in valkey.client().keys("limit:*")] == [False]


def test_counting_survives_a_server_that_has_forgotten_the_script():
    limits.exceeded([(DOOR, "x")])
    valkey.client().script_flush()
    assert [limits.exceeded([(DOOR, "x")]) for _ in range(2)] == [None, DOOR]
