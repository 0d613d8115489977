"""Whether a newcomer gets a seat is reckoned in two places: here after counting, in the database while it counts."""

from itertools import product

import pytest
from django.db import connection

from events.services.seats import HAS_SEAT_FOR_NEWCOMER, SeatCount

# Capacity, taken, waiting: with more taken than there are seats too, since staff may lower the capacity.
STANDINGS = list(product((None, 0, 1, 2), (0, 1, 2, 3), (0, 1)))
HAVE_SEAT = [*((None, taken, 0) for taken in (0, 1, 2, 3)), (1, 0, 0), (2, 0, 0), (2, 1, 0)]


def by_database(capacity: int | None, taken: int, waiting: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {HAS_SEAT_FOR_NEWCOMER} FROM (SELECT %s::int AS capacity) AS event,"
            " (SELECT %s::int AS taken, %s::int AS waiting) AS standing",
            [capacity, taken, waiting],
        )
        return cursor.fetchone()[0]


def by_code(capacity: int | None, taken: int, waiting: int) -> bool:
    standing = SeatCount(capacity=capacity, waiting_list=True, taken=taken, waiting=waiting, last_number=waiting)
    return standing.has_seat_for_newcomer


@pytest.mark.django_db
@pytest.mark.parametrize("decides", [by_database, by_code])
def test_a_newcomer_gets_a_seat_where_one_is_free_and_nobody_waits_for_it(decides):
    assert [standing for standing in STANDINGS if decides(*standing)] == HAVE_SEAT
