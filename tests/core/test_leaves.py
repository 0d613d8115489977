"""The leaves of the foundation: text, numbers, countries, time zones, languages, kept values, the forgiving cache."""

from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal

import pytest
import redis
import time_machine
from django import forms
from django.core.exceptions import ValidationError
from django.utils import translation

from core import alternates, countries, languages, numbers, text, timezones, valkey
from core.caches import ForgivingRedisCache
from core.forms import Line
from core.kept import Kept, clear_all
from events import spoken

CODES = ("en", "fr", "es", "pt", "ar")


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  Ana   Silva ", "Ana Silva"),
        ("Ana\r\nBcc: all@example.org", "Ana Bcc: all@example.org"),
        ("Ana\tSilva\x0bX\x85Y", "Ana Silva X Y"),
        ("An\x00a\x1b[31m", "Ana[31m"),
        ("evil\u202egnp.exe", "evilgnp.exe"),
        ("\u2066isolated\u2069 \u202aembedded\u202c", "isolated embedded"),
        ("Jose\u0301", "Jos\u00e9"),
        ("broken\ud800half", "brokenhalf"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("\u2028line\u2029paragraph", "line paragraph"),
        ("\u202e\u2066", ""),
        ("\u200b \u200e\u200f\ufeff", ""),
        ("😀 Zoë", "😀 Zoë"),
    ],
)
def test_a_line_keeps_what_can_be_seen(typed, kept):
    assert text.single_line(typed) == kept
    assert text.single_line(text.single_line(typed)) == kept


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("a\x00b\x00", "ab"),
        ("half \ud83d, other half \ude00", "half ?, other half ?"),
        ("\ud800\x00", "?"),
        ("Zoë 😀 \u202e\t\n می\u200cخواهم \uffff", "Zoë 😀 \u202e\t\n می\u200cخواهم \uffff"),
        ("", ""),
    ],
)
def test_only_what_no_row_can_hold_is_taken_from_words(given, kept):
    assert text.storable(given) == kept


def test_a_line_of_a_form_is_cleaned_before_it_is_judged():
    class Form(forms.Form):
        name = Line(max_length=5)

    form = Form({"name": " \u202eAna\n12 "})
    assert not form.is_valid()
    form = Form({"name": " \u202eAna\n1 "})
    assert form.is_valid()
    assert form.cleaned_data == {"name": "Ana 1"}
    assert not Form({"name": "\u202e\x00"}).is_valid()


def test_languages_are_offered_by_their_own_names_in_the_configured_order():
    own = ["English", "français", "español", "português", "العربيّة"]
    assert languages.choices() == list(zip(CODES, own, strict=True))


def test_a_time_zone_that_nobody_knows_is_refused():
    assert [timezones.validate(name) for name in ("UTC", "Asia/Calcutta", "Europe/Brussels")] == [None] * 3
    for name in ("", "Factory", "localtime", "Mars/Olympus", "europe/brussels", "../../etc/passwd"):
        with pytest.raises(ValidationError) as refusal:
            timezones.validate(name)
        assert (refusal.value.code, refusal.value.messages) == ("timezone", ["Choose a time zone from the list."])


@pytest.mark.parametrize("code", CODES)
def test_countries_are_named_once_each_in_alphabetical_order(code):
    choices = countries.choices(code)
    assert len(choices) == 250
    assert max(Counter(name for _code, name in choices).values()) == 1
    keys = [text.sort_key(name) for _code, name in choices]
    assert keys == sorted(keys)
    assert {"EU", "UN", "ZZ", "XA"}.isdisjoint(dict(choices))


def test_portuguese_is_that_of_europe():
    assert [countries.name(code, "pt") for code in ("EE", "NL", "VN")] == ["Estónia", "Países Baixos", "Vietname"]
    assert [timezones.city(f"Europe/{city}", "pt") for city in ("Madrid", "Moscow")] == ["Madrid", "Moscovo"]
    assert [spoken.name(code, "pt") for code in ("cs", "et", "hi")] == ["checo", "estónio", "hindi"]


def test_a_country_has_a_name_in_each_language():
    assert [countries.name("DE", code) for code in CODES] == ["Germany", "Allemagne", "Alemania", "Alemanha", "ألمانيا"]
    assert countries.name("XX", "en") == "XX"
    assert (countries.is_valid("XK"), countries.is_valid("EU"), countries.is_valid("de")) == (True, False, False)


@time_machine.travel(datetime(2026, 1, 15, 12, tzinfo=UTC))
def test_a_zone_is_named_by_its_city_and_its_difference_in_winter():
    assert timezones.label("Europe/Brussels", "fr") == "Bruxelles (UTC+1)"
    assert timezones.label("America/Argentina/Buenos_Aires", "en") == "Buenos Aires (UTC−3)"
    assert timezones.label("Asia/Kolkata", "en") == "Kolkata (UTC+5:30)"
    assert timezones.label("UTC", "ar") == "UTC"


def test_a_city_has_its_translation_where_the_zone_was_renamed():
    assert [timezones.city("Asia/Kolkata", code) for code in CODES] == [
        "Kolkata", "Calcutta", "Calcuta", "Calcutá", "كالكتا"
    ]  # fmt: skip
    assert timezones.city("Asia/Kathmandu", "fr") == "Katmandou"
    # Nobody has translated this one into French.
    assert timezones.city("America/Argentina/Buenos_Aires", "fr") == "Buenos Aires"


@time_machine.travel(datetime(2026, 7, 15, 12, tzinfo=UTC))
def test_a_zones_difference_follows_the_season():
    assert timezones.label("Europe/Brussels", "en") == "Brussels (UTC+2)"
    assert dict(timezones.choices("en"))["Europe/Lisbon"] == "Lisbon (UTC+1)"
    assert timezones.label("Europe/Brussels", "en", at=datetime(2026, 1, 15, tzinfo=UTC)) == "Brussels (UTC+1)"


@pytest.mark.parametrize("code", CODES)
def test_zones_are_listed_once_each(code):
    choices = timezones.choices(code)
    assert len(choices) > 400
    assert max(Counter(label for _name, label in choices).values()) == 1
    assert all(timezones.is_valid(name) for name, _label in choices)
    assert {"Asia/Calcutta", "Europe/Kiev", "Factory"}.isdisjoint(dict(choices))


@pytest.mark.parametrize(
    ("said", "listed"),
    [
        ("Asia/Calcutta", "Asia/Kolkata"),
        ("Europe/Kiev", "Europe/Kyiv"),
        ("America/Buenos_Aires", "America/Argentina/Buenos_Aires"),
        ("Etc/UTC", "UTC"),
        ("Europe/Oslo", "Europe/Oslo"),
        ("Etc/GMT-3", "Etc/GMT-3"),
    ],
)
def test_what_browsers_say_is_found_in_the_list(said, listed):
    assert timezones.is_valid(said)
    assert timezones.canonical(said) == listed


@pytest.mark.parametrize("name", ["", "Mars/Olympus", "../../etc/passwd", "/etc/localtime", "Factory", "europe/berlin"])
def test_what_is_no_zone_is_refused(name):
    assert not timezones.is_valid(name)


def test_numbers_are_written_as_in_each_language():
    written = [numbers.decimal(Decimal("1234567.50"), code) for code in CODES]
    assert written == ["1,234,567.5", "1\u202f234\u202f567,5", *["1\u00a0234\u00a0567,5"] * 2, "1,234,567.5"]
    written = [numbers.decimal(value, code) for code in ("es", "pt") for value in (9770, -12345)]
    assert written == ["9770", "-12\u00a0345", "9\u00a0770", "-12\u00a0345"]


def test_languages_run_in_their_direction_and_stand_in_for_each_other():
    assert [languages.direction(code) for code in CODES] == ["ltr", "ltr", "ltr", "ltr", "rtl"]
    assert [languages.own_name(code) for code in CODES] == ["English", "français", "español", "português", "العربيّة"]
    assert languages.fallback_chain("pt") == ["pt", "en", "fr", "es", "ar"]
    with translation.override("pt-br"):
        assert languages.current() == "pt"
    with translation.override("de"):
        assert languages.current() == "en"
    assert alternates.default_code({"ar", "fr"}, languages.codes()) == "fr"
    assert alternates.default_code(set(), languages.codes()) is None


def test_a_kept_value_is_computed_once_until_it_is_old(monkeypatch):
    now = [100.0]
    monkeypatch.setattr("core.kept.time.monotonic", lambda: now[0])
    kept: Kept[int] = Kept(seconds=30, size=2)
    calls = iter(range(10))
    assert [kept.get("a", lambda: next(calls)) for _ in range(3)] == [0, 0, 0]
    now[0] += 29.9
    assert kept.get("a", lambda: next(calls)) == 0
    now[0] += 0.2
    assert kept.get("a", lambda: next(calls)) == 1
    kept.get("b", lambda: next(calls))
    # A third key would pass the size, so the table begins anew.
    kept.get("c", lambda: next(calls))
    assert (kept.peek("a"), kept.peek("c")) == (None, 3)
    clear_all()
    assert kept.peek("c") is None


def test_a_cache_whose_server_is_away_is_an_empty_cache(caplog):
    cache = ForgivingRedisCache("redis://127.0.0.1:1/0", {})
    assert cache.get("a", "none") == "none"
    cache.set("a", 1)
    assert cache.add("a", 1) is True
    assert cache.touch("a") is False
    assert cache.delete("a") is False
    assert cache.get_many(["a", "b"]) == {}
    assert "a" not in cache
    assert cache.get_or_set("a", 5) == 5
    cache.set_many({"a": 1})
    cache.delete_many(["a"])
    assert cache.clear() is False
    with pytest.raises(ValueError, match="not found"):
        cache.incr("a")
    assert sum("Valkey does not answer" in record.message for record in caplog.records) == 1


def test_a_cache_whose_server_is_there_remembers(settings):
    cache = ForgivingRedisCache(settings.REDIS_URL, {})
    cache.set("a", {"b": 1})
    assert cache.get("a") == {"b": 1}
    cache.set("number", 1)
    assert cache.incr("number") == 2
    with pytest.raises(ValueError, match="missing"):
        cache.incr("missing")
    assert cache.add("a", 2) is False


def test_the_client_of_what_may_be_missed_never_waits_long():
    assert valkey.client().connection_pool.connection_kwargs["socket_timeout"] <= 1
    with pytest.raises(redis.ConnectionError):
        redis.Redis.from_url("redis://127.0.0.1:1/0", **valkey.TIMEOUTS).ping()
