"""What a visitor is told of seats, at each border."""

import pytest

from core.seats import state_of


@pytest.mark.parametrize(
    ("seats", "left", "state"),
    [
        (None, None, "open"),
        (40, 40, "open"),
        (40, 5, "open"),
        (40, 4, "few"),
        (41, 6, "open"),
        # A tenth, rounded up.
        (41, 5, "few"),
        (30, 4, "open"),
        (30, 3, "few"),
        # At least three, however few there are.
        (5, 4, "open"),
        (5, 3, "few"),
        (2, 2, "few"),
        (1, 1, "few"),
    ],
)
@pytest.mark.parametrize("waiting_list", [True, False])
def test_few_seats_are_a_tenth_and_at_least_three_with_a_waiting_list_or_without(seats, left, state, waiting_list):
    assert state_of(seats=seats, left=left, waiting_list=waiting_list) == state


@pytest.mark.parametrize(("waiting_list", "state"), [(True, "waiting"), (False, "full")])
@pytest.mark.parametrize("seats", [0, 1, 40])
def test_where_no_seat_is_left_the_waiting_list_decides(seats, waiting_list, state):
    assert state_of(seats=seats, left=0, waiting_list=waiting_list) == state
