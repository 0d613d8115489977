"""Calendar files, byte by byte: golden files, folding, time zones against the IANA database."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from icalendar import Calendar

from events import ics, vtimezone

GOLDEN = Path(__file__).parent / "golden"
ORGANISER = ics.Party("GKEC", "no-reply@gkec.example")
ATTENDEE = ics.Party("Ana Silva", "ana.silva@example.org")

OCCASION = ics.Occasion(
    uid="9f0c6a52-6d8a-4a53-9c8e-4d1f6a1f0001@gkec.example",
    title="Starting a city climate budget",
    language="en",
    starts_at=datetime(2026, 12, 12, 14, 0, tzinfo=UTC),
    ends_at=datetime(2026, 12, 12, 15, 30, tzinfo=UTC),
    timezone="Europe/Brussels",
    url="https://gkec.example/registration/abc~def/",
    stamp=datetime(2026, 11, 1, 9, 0, tzinfo=UTC),
    description="https://gkec.example/en/events/climate-budget/",
    location="Online",
    sequence=3,
)
ARABIC = replace(
    OCCASION,
    title="كيف تبدأ ميزانية المناخ في المدينة، خطوة بخطوة؛ مع أوسلو وكالاماتا ولاهتي وبويرتو مونت",
    language="ar",
    location="عبر الإنترنت",
    timezone="Asia/Kathmandu",
)
FILES = {
    "invitation-en": lambda: ics.invitation(OCCASION, organiser=ORGANISER, attendee=ATTENDEE),
    "invitation-ar": lambda: ics.invitation(ARABIC, organiser=ORGANISER, attendee=ics.Party("آنا", "a@example.org")),
    "cancellation-en": lambda: ics.cancellation(replace(OCCASION, sequence=4), organiser=ORGANISER, attendee=ATTENDEE),
    "single-utc": lambda: ics.single(replace(OCCASION, timezone="UTC"), organiser=ORGANISER),
    "feed": lambda: ics.feed(
        [OCCASION, replace(ARABIC, uid="2@gkec.example", is_cancelled=True)], organiser=ORGANISER, name="GKEC events"
    ),
}


@pytest.mark.parametrize("name", FILES)
def test_files_are_what_they_were_when_calendars_were_tried(name):
    path = GOLDEN / f"{name}.ics"
    assert FILES[name]() == path.read_bytes()


@pytest.mark.parametrize("name", FILES)
def test_lines_end_and_fold_as_rfc_5545_wants(name):
    content = FILES[name]()
    lines = content.split(b"\r\n")
    assert lines[-1] == b""
    assert (b"\n" in b"".join(lines), b"\r" in b"".join(lines)) == (False, False)
    assert max(len(line) for line in lines) <= 75
    # A fold never cuts a character in two.
    assert all(line.decode() is not None for line in lines)


def test_an_invitation_reads_back_as_it_was_meant():
    calendar = Calendar.from_ical(FILES["invitation-ar"]())
    (entry,) = calendar.walk("VEVENT")
    assert calendar["method"] == "REQUEST"
    assert {name: str(entry[name]) for name in ("uid", "summary", "sequence", "status", "url")} == {
        "uid": OCCASION.uid,
        "summary": ARABIC.title,
        "sequence": "3",
        "status": "CONFIRMED",
        "url": OCCASION.url,
    }
    assert entry["summary"].params["LANGUAGE"] == "ar"
    assert (str(entry["dtstart"].params["TZID"]), entry["dtstart"].dt) == (
        "Asia/Kathmandu",
        datetime(2026, 12, 12, 19, 45, tzinfo=ZoneInfo("Asia/Kathmandu")),
    )
    assert (str(entry["attendee"]), str(entry["organizer"])) == ("mailto:a@example.org", "mailto:no-reply@gkec.example")
    assert dict(entry["attendee"].params) == {
        "CN": "آنا",
        "CUTYPE": "INDIVIDUAL",
        "ROLE": "REQ-PARTICIPANT",
        "PARTSTAT": "ACCEPTED",
        "RSVP": "FALSE",
    }


@pytest.mark.parametrize("name", FILES)
def test_each_entry_has_one_organiser_and_only_what_is_sent_to_somebody_an_attendee(name):
    calendar = Calendar.from_ical(FILES[name]())
    for entry in calendar.walk("VEVENT"):
        assert [str(value) for key, value in entry.property_items() if key == "ORGANIZER"] == [
            "mailto:no-reply@gkec.example"
        ]
        assert ("attendee" in entry) is (calendar["method"] != "PUBLISH")


def test_a_cancellation_has_the_same_uid_and_a_higher_sequence():
    (asked,) = Calendar.from_ical(FILES["invitation-en"]()).walk("VEVENT")
    calendar = Calendar.from_ical(FILES["cancellation-en"]())
    (taken,) = calendar.walk("VEVENT")
    assert (calendar["method"], str(taken["status"]), taken["uid"] == asked["uid"]) == ("CANCEL", "CANCELLED", True)
    assert taken["sequence"] > asked["sequence"]


def test_times_are_never_floating():
    for content in FILES.values():
        for entry in Calendar.from_ical(content()).walk("VEVENT"):
            assert all(entry[name].dt.tzinfo is not None for name in ("dtstart", "dtend", "dtstamp"))


@pytest.mark.parametrize(
    "name",
    ['Ana "the" Silva', "Ana; Silva", "Ana,Silva:", "Ana\r\nATTENDEE:mailto:all@city.example", "آنا\u202eSilva"],
    ids=repr,
)
def test_a_name_cannot_add_a_line(name):
    content = ics.invitation(OCCASION, organiser=ORGANISER, attendee=ics.Party(name, "a@example.org"))
    (entry,) = Calendar.from_ical(content).walk("VEVENT")
    assert str(entry["attendee"]) == "mailto:a@example.org"
    assert content.count(b"\r\nATTENDEE") == 1


def test_a_title_cannot_add_a_line():
    content = ics.single(replace(OCCASION, title="Budget\r\nBEGIN:VALARM\r\nACTION:AUDIO"), organiser=ORGANISER)
    assert (b"\r\nBEGIN:VALARM" in content, len(Calendar.from_ical(content).walk("VALARM"))) == (False, 0)


ZONES = [
    "Europe/Brussels", "America/Bogota", "America/New_York", "America/Santiago", "America/St_Johns",
    "Africa/Casablanca", "Africa/Cairo", "Asia/Kathmandu", "Asia/Kolkata", "Asia/Gaza", "Australia/Lord_Howe",
    "Europe/Dublin", "Pacific/Apia", "Pacific/Auckland", "Pacific/Chatham", "Antarctica/Troll", "America/Nuuk",
]  # fmt: skip


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("year", [2011, 2026, 2027])
def test_the_description_of_a_zone_agrees_with_the_database_at_every_hour_of_the_year(zone, year):
    described = vtimezone.component(zone, year).to_tz(lookup_tzid=False)
    moment, end = datetime(year, 1, 1, tzinfo=UTC), datetime(year + 1, 1, 1, tzinfo=UTC)
    known, hour = ZoneInfo(zone), timedelta(hours=1)
    differences = []
    while moment < end:
        local = moment.astimezone(known)
        if local.replace(tzinfo=described).utcoffset() != local.utcoffset() and not is_doubtful(local):
            differences.append(local)
        moment += hour
    assert differences == []


def is_doubtful(local: datetime) -> bool:
    return local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()


def test_the_onset_of_summer_time_is_written_by_the_clock_before_it():
    (onset,) = vtimezone.component("Europe/Brussels", 2027).walk("DAYLIGHT")
    assert onset.to_ical().decode().replace("\r\n", "|") == (
        "BEGIN:DAYLIGHT|DTSTART:20260329T020000|RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3|"
        "TZNAME:CEST|TZOFFSETFROM:+0100|TZOFFSETTO:+0200|END:DAYLIGHT|"
    )
