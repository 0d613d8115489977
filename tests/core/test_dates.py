"""Dates, times and durations as readers of each language write them."""

from datetime import UTC, date, datetime

import pytest
from django.utils.translation import override

from core import dates, numbers

MOMENT = datetime(2026, 12, 12, 14, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("language", "day", "weekday", "city"),
    [
        ("en", "12 December 2026", "Saturday", "Brussels"),
        ("fr", "12 décembre 2026", "samedi", "Bruxelles"),
        ("es", "12 de diciembre de 2026", "sábado", "Bruselas"),
        ("pt", "12 de dezembro de 2026", "sábado", "Bruxelas"),
        ("ar", "12 ديسمبر 2026", "السبت", "بروكسل"),
    ],
)
def test_a_date_in_each_language(language, day, weekday, city):
    with override(language):
        assert dates.day(MOMENT) == day
        assert dates.weekday(MOMENT) == weekday
        assert dates.zone_city("Europe/Brussels") == city


@pytest.mark.parametrize(
    ("start", "end", "words"),
    [
        (date(2026, 12, 12), None, "12 December 2026"),
        (date(2026, 12, 12), date(2026, 12, 12), "12 December 2026"),
        (date(2026, 12, 12), date(2026, 12, 14), "12–14 December 2026"),
        (date(2026, 11, 12), date(2026, 12, 12), "12 November\u2009–\u200912 December 2026"),
        (date(2026, 12, 30), date(2027, 1, 2), "30 December 2026\u2009–\u20092 January 2027"),
        (date(2026, 12, 30), date(2027, 12, 30), "30 December 2026\u2009–\u200930 December 2027"),
        (MOMENT, datetime(2026, 12, 13, 1, tzinfo=UTC), "12–13 December 2026"),
    ],
)
def test_a_range_of_days_names_once_what_both_ends_share(start, end, words):
    with override("en"):
        assert dates.day_range(start, end) == words


@pytest.mark.parametrize(
    ("language", "in_one_month", "in_one_year", "over_new_year"),
    [
        ("fr", "11–22 novembre 2026", "11 novembre – 2 décembre 2026", "11 novembre 2026 – 2 janvier 2027"),
        (
            "es",
            "11–22 de noviembre de 2026",
            "11 de noviembre – 2 de diciembre de 2026",
            "11 de noviembre de 2026 – 2 de enero de 2027",
        ),
        (
            "pt",
            "11–22 de novembro de 2026",
            "11 de novembro – 2 de dezembro de 2026",
            "11 de novembro de 2026 – 2 de janeiro de 2027",
        ),
        # From the right, and so also beside a name in Latin letters.
        (
            "ar",
            "\u206711–22 نوفمبر 2026\u2069",
            "\u206711 نوفمبر – 2 ديسمبر 2026\u2069",
            "\u206711 نوفمبر 2026 – 2 يناير 2027\u2069",
        ),
    ],
)
def test_a_range_of_days_in_each_language(language, in_one_month, in_one_year, over_new_year):
    first = date(2026, 11, 11)
    with override(language):
        told = [dates.day_range(first, last) for last in (date(2026, 11, 22), date(2026, 12, 2), date(2027, 1, 2))]
    assert [words.replace("\u2009", " ") for words in told] == [in_one_month, in_one_year, over_new_year]


@pytest.mark.parametrize(("minutes", "words"), [(0, "0 min"), (35, "35 min"), (60, "1 h"), (320, "5 h 20 min")])
def test_a_duration_in_hours_and_minutes(minutes, words):
    with override("en"):
        assert dates.duration(minutes) == words


def test_times_are_on_the_clock_of_the_zone():
    local = dates.in_zone(MOMENT, "Asia/Kolkata")
    with override("en"):
        assert dates.clock(local) == "19:35"
        assert dates.clock_range(local, None) == "19:35"
        assert dates.clock_range(local, local.replace(hour=21)) == "19:35 to 21:35"
    assert dates.iso(local) == "2026-12-12T19:35:00+05:30"
    assert dates.iso_day(dates.in_zone(MOMENT, "Pacific/Auckland")) == "2026-12-13"


@pytest.mark.parametrize(("language", "said"), [("en", "87%"), ("fr", "87\u00a0%"), ("pt", "87%"), ("ar", "87%")])
def test_per_cents_are_written_as_the_language_does(language, said):
    assert numbers.percent(87, language) == said


@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("en", "13 December, 03:05\u00a0to\u00a004:05"),
        ("es", "13 de diciembre, 03:05\u00a0a\u00a004:05"),
        ("ar", "13 ديسمبر، من\u00a003:05\u00a0إلى\u00a004:05"),
    ],
)
def test_another_zone_names_the_day_only_where_it_is_another(language, told):
    there = dates.in_zone(MOMENT, "Europe/Brussels")
    here = dates.in_zone(MOMENT, "Pacific/Auckland")
    with override(language):
        assert dates.clock_range_elsewhere(here, here.replace(hour=4), there) == told
        assert dates.clock_range_elsewhere(there, None, there) == "15:05"


@pytest.mark.parametrize(
    "words", [dates.day, dates.full_day, dates.weekday, dates.month, dates.day_and_month, dates.month_and_year]
)
def test_no_date_is_not_today(words):
    assert (words(None), words(date(2026, 12, 12)) == "") == ("", False)


def test_a_bare_date_has_no_zone():
    assert dates.in_zone(date(2026, 12, 12), "Asia/Tokyo") == date(2026, 12, 12)


@pytest.mark.parametrize(
    ("language", "told"),
    [("en", "2026-11-22 11:06"), ("fr", "2026-11-22 11:06"), ("ar", "\u20662026-11-22 11:06\u2069")],
)
def test_a_date_in_digits_keeps_its_order_among_words_from_the_right(language, told):
    with override(language):
        assert dates.left_to_right("2026-11-22 11:06") == told
        assert dates.left_to_right("") == ""
