"""The staff's lists: what they show, cost and export, and who may see personal data."""

import csv
import io
import re
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook
from wagtail.users.models import UserProfile
from wagtail_localize.models import Translation, TranslationSource

from accounts.enums import Channel
from accounts.services import erase
from core import languages
from core.personal import Subject
from events.models import Event, Registration, ReminderRule
from events.services import arm, cancel, disarm
from events.services.promoting import promote
from tests.factories import accounts
from tests.factories import core as trees
from tests.factories import events as make

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("section")]

LIST = "registrations:index"


@pytest.fixture
def admin(client):
    return accounts.sign_in(client, accounts.PersonFactory(admin=True, display_name="Staff"))


@pytest.fixture
def editor(client):
    return accounts.sign_in(client, accounts.editor())


def cells(answer) -> list[list[str]]:
    """Return the words of each row of a listing."""
    body = answer.content.decode().split("<tbody", 1)[1].split("</tbody", 1)[0]
    rows = re.findall(r"<tr.*?</tr>", body, re.DOTALL)
    return [
        [
            re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", cell)).strip()
            for cell in re.findall(r"<td.*?</td>", row, re.DOTALL)
        ]
        for row in rows
    ]


def names(answer) -> list[str]:
    return [registration.name for registration in answer.context["object_list"]]


def test_webinars_are_listed_once_with_date_in_their_zone_and_seats(admin):
    page = make.live_webinar(title="Budget", capacity=2, timezone="Asia/Kathmandu", starts_at=make.in_days(3))
    for parent in (make.section().get_parent().specific, make.section()):
        trees.translated(parent, "fr")
    event = Event.objects.get()
    for name in "ABC":
        make.registered(event, name)
    answer = admin.get(reverse("webinars:index_results"))
    (row,) = cells(answer)
    assert row[0].startswith("Budget")
    local = page.starts_at.astimezone(event.zone)
    assert row[1:4] == [f"{local:%Y-%m-%d %H:%M} Kathmandu", "2 of 2, 1 waiting", "Waiting list"]
    assert f'href="{reverse(LIST)}?event={event.pk}"' in answer.content.decode()
    assert f'href="{reverse("events_clone", args=[page.pk])}"' in answer.content.decode()


@pytest.mark.parametrize("number", [1, 3])
def test_the_list_of_webinars_costs_the_same_for_one_and_for_three(editor, django_assert_num_queries, number):
    for _ in range(number):
        page = make.webinar(starts_at=make.in_days(2))
        make.registered(Event.objects.get(translation_key=page.translation_key), "Ana")
        source, _created = TranslationSource.get_or_create_from_instance(page)
        Translation.objects.create(source=source, target_locale=trees.locale("fr"))
    url = reverse("webinars:index")
    editor.get(url)
    with django_assert_num_queries(22):
        answer = editor.get(url)
    html = answer.content.decode()
    assert [html.count(words) for words in ("Translate this page", "Sync translated pages")] == [number, number]
    rows = cells(editor.get(reverse("webinars:index_results")))
    assert [row[2:4] for row in rows] == [["1 seat", "Seats free"]] * number


def test_webinars_are_filtered(admin):
    make.live_webinar(title="Old", starts_at=make.in_days(-9))
    make.live_webinar(title="New", starts_at=make.in_days(9))
    make.webinar(title="Draft", publish=False, starts_at=make.in_days(20))
    for query, titles in (
        ("", {"Old", "New", "Draft"}),
        ("when=coming", {"New", "Draft"}),
        ("when=past", {"Old"}),
        ("seats=open", {"Old", "New"}),
    ):
        answer = admin.get(f"{reverse('webinars:index_results')}?{query}")
        assert {page.title for page in answer.context["object_list"]} == titles, query


def test_registrations_are_filtered_and_searched(admin):
    first, second = make.event(capacity=1), make.event()
    make.registered(first, "Ana", country="CO", language="fr")
    make.registered(first, "Bo", country="BE", organisation="Ghent")
    make.registered(second, "Cy", country="BE", organisation_type_id=make.term("organisation-type", "company").pk)
    company = make.term("organisation-type", "company").pk
    for query, expected in (
        ("", ["Cy", "Bo", "Ana"]),
        (f"event={first.pk}", ["Bo", "Ana"]),
        ("state=waiting", ["Bo"]),
        ("country=BE", ["Cy", "Bo"]),
        ("language=fr", ["Ana"]),
        (f"organisation_type={company}", ["Cy"]),
        ("q=ghent", ["Bo"]),
        ("q=ana%40", ["Ana"]),
        ("registered_at_to=2020-01-01", []),
    ):
        assert names(admin.get(f"{reverse('registrations:index_results')}?{query}")) == expected, query


@pytest.mark.parametrize("number", [1, 3])
def test_the_list_of_registrations_costs_the_same_for_one_and_for_three(admin, django_assert_num_queries, number):
    for step in range(number):
        make.registered(make.event(starts_at=make.in_days(2 + step)), f"Guest {step}")
    url = reverse("registrations:index_results")
    admin.get(url)
    with django_assert_num_queries(5):
        assert len(names(admin.get(url))) == number


def test_a_language_that_the_site_no_longer_has_is_shown_as_its_code(admin):
    registration = make.registered(make.event(), "Ana", language="fr")
    url = reverse("registrations:inspect", args=[registration.pk])
    for code, name in (("fr", "français"), ("it", "it")):
        Registration.objects.update(language=code)
        assert cells(admin.get(reverse("registrations:index_results")))[0][8] == name
        assert f'<th scope="row">Language</th><td>{name}</td>' in admin.get(url).content.decode()


@pytest.mark.parametrize("number", [1, 3])
def test_a_registration_costs_the_same_for_one_step_and_reminder_and_for_three(
    admin, django_assert_num_queries, number
):
    event = make.event(starts_at=make.in_days(9))
    rules = ReminderRule.objects.filter(translation_key=event.translation_key)[:number]
    for rule in rules:
        arm(rule_id=rule.pk)
    registration = make.registered(event, "Ana")
    for rule in rules:
        disarm(rule_id=rule.pk)
    for step in range(number - 1):
        by = accounts.PersonFactory(display_name=f"Clerk {step}")
        registration.changes.create(what="links", actor="staff", by=by, reason=f"Call {step}")
    url = reverse("registrations:inspect", args=[registration.pk])
    admin.get(url)
    with django_assert_num_queries(10):
        html = admin.get(url).content.decode()
    history, reminders = html.split("<h2>History</h2>")[1].split("<h2>Reminders</h2>")
    assert [table.count("<tr><td>") for table in (history, reminders)] == [number, number]


def test_a_waiting_number_is_shown_as_long_as_somebody_waits_and_once(admin):
    event = make.event(capacity=1)
    make.registered(event, "Ana")
    bo, cy = make.registered(event, "Bo"), make.registered(event, "Cy")
    Event.objects.update(capacity=2)
    promote(registration_id=bo.pk, by=accounts.PersonFactory(admin=True), reason="Speaks")
    shown = [(row[0], row[3], row[4]) for row in cells(admin.get(reverse("registrations:index_results")))]
    assert shown == [("Cy", "On the waiting list", "2"), ("Bo", "Confirmed", ""), ("Ana", "Confirmed", "")]
    first = [row[0] for row in cells(admin.get(reverse("registrations:index_results"), {"ordering": "number"}))]
    assert first[0] == "Cy"
    di = make.registered(event, "Di")
    cancel(registration_id=di.pk)
    for registration, said in ((bo, "Confirmed"), (cy, "Number 1 on the waiting list"), (di, "Cancelled")):
        html = admin.get(reverse("registrations:inspect", args=[registration.pk])).content.decode()
        assert re.findall(r'help-info">(.*?)</p>', html) == [f"<strong>{said}</strong>"]


FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "  =cmd|' /C calc'!A0"]


def test_the_spreadsheets_equal_the_screen_and_hold_no_formula(admin):
    event = make.event(title="=Budget")
    for number, name in enumerate(FORMULAS):
        make.registered(event, name, email=f"{number}@example.org", organisation=name)
    screen = admin.get(f"{reverse('registrations:index_results')}?ordering=registered_at")
    table = csv.reader(io.StringIO(export(admin, "csv").decode("utf-8-sig")))
    headings, *rows = list(table)
    assert headings == [
        "Name", "E-mail address", "Event", "State", "Waiting number", "Country", "Organisation",
        "Type of organisation", "Language", "Time zone", "Registered", "Joined",
    ]  # fmt: skip
    assert len(rows) == len(FORMULAS)
    for shown, row in zip(cells(screen), rows, strict=True):
        assert shown[1:6] == [row[1], row[2].removeprefix("'"), *row[3:6]]
        assert (row[0][0], row[2][0], row[6][0]) == ("'", "'", "'")
    sheet = load_workbook(io.BytesIO(export(admin, "xlsx"))).active
    for cell in (cell for line in sheet.iter_rows(min_row=2) for cell in line):
        assert cell.data_type != "f", cell.value
    assert [cell.value for cell in sheet[1]] == headings


def export(client, kind: str) -> bytes:
    answer = client.get(f"{reverse(LIST)}?export={kind}&ordering=registered_at")
    return b"".join(answer.streaming_content) if answer.streaming else answer.content


def test_the_spreadsheets_speak_their_readers_language_and_clock(client):
    reader = accounts.PersonFactory(admin=True, language="fr", timezone="Asia/Kathmandu")
    accounts.sign_in(client, reader)
    # Where Wagtail looks for both; signing in by the form makes it.
    UserProfile.get_for_user(reader)
    make.registered(make.event(), "Ana", country="DE")
    (shown,) = cells(client.get(reverse("registrations:index_results")))
    headings, row = csv.reader(io.StringIO(export(client, "csv").decode("utf-8-sig")))
    assert row == shown
    assert row[5] == "Allemagne"
    assert row[10] == timezone.localtime(Registration.objects.get().registered_at, ZoneInfo("Asia/Kathmandu")).strftime(
        "%Y-%m-%d %H:%M"
    )
    sheet = load_workbook(io.BytesIO(export(client, "xlsx"))).active
    assert [cell.value for cell in sheet[1]] == headings
    assert sheet["K2"].value.strftime("%Y-%m-%d %H:%M") == row[10]


def test_the_list_of_one_event_does_not_repeat_it_in_every_row(admin):
    event = make.event(title="Shade")
    make.registered(event, "Ana", timezone="Asia/Kolkata")
    (whole,) = cells(admin.get(reverse("registrations:index_results")))
    (narrowed,) = cells(admin.get(f"{reverse('registrations:index_results')}?event={event.pk}"))
    assert (whole[2], whole[9]) == ("Shade", "Kolkata")
    assert narrowed == whole[:2] + whole[3:]
    # What is no event narrows nothing, so that the column is needed.
    assert cells(admin.get(f"{reverse('registrations:index_results')}?event=999999")) == [whole]


def test_the_spreadsheet_keeps_the_filter(admin):
    event = make.event()
    make.registered(event, "Ana", country="CO")
    make.registered(event, "Bo", country="BE")
    answer = admin.get(f"{reverse(LIST)}?export=csv&country=BE")
    content = b"".join(answer.streaming_content).decode()
    assert ("Bo" in content, "Ana" in content) == (True, False)


def test_one_registration_shows_its_history(admin):
    event = make.event(capacity=1)
    first, second = make.registered(event, "Ana"), make.registered(event, "Bo")
    cancel_url = reverse("registrations:cancel", args=[first.pk])
    assert "The person gets a mail" in admin.get(cancel_url).content.decode()
    answer = admin.post(cancel_url, {"reason": "Asked by phone"})
    assert answer["Location"] == reverse("registrations:inspect", args=[first.pk])
    page = admin.get(answer["Location"]).content.decode()
    assert f"<td>{languages.own_name(first.language)}</td>" in page
    assert "<td><bdi>Bogota</bdi></td>" in page
    history = page.split("History", 1)[1]
    assert [word in history for word in ("Registered with a seat", "Cancelled", "Staff", "Asked by phone")] == [
        True
    ] * 4
    second.refresh_from_db()
    assert second.state == "confirmed"


def test_cancelling_promises_the_first_in_line_a_seat_only_where_one_becomes_free(admin):
    event = make.event(capacity=1)
    ana, bo = make.registered(event, "Ana"), make.registered(event, "Bo")

    def promised(registration: Registration) -> str:
        html = admin.get(reverse("registrations:cancel", args=[registration.pk])).content.decode()
        return re.search(r"The person gets a mail[^<]*", html)[0].strip()

    assert [promised(one) for one in (ana, bo)] == [
        "The person gets a mail, the event leaves their calendar, and the first in line gets the seat.",
        "The person gets a mail and leaves the waiting list.",
    ]
    Event.objects.update(status="cancelled")
    assert [promised(one) for one in (ana, bo)] == [
        "The person gets a mail, and the event leaves their calendar.",
        "The person gets a mail and leaves the waiting list.",
    ]


def test_staff_must_give_a_reason(admin):
    registration = make.registered(make.event())
    answer = admin.post(reverse("registrations:cancel", args=[registration.pk]), {"reason": ""})
    registration.refresh_from_db()
    assert (answer.status_code, registration.state) == (200, "confirmed")


def test_a_seat_is_given_out_of_turn_only_where_one_is_free(admin):
    event = make.event(capacity=1)
    make.registered(event, "Ana")
    waiting = make.registered(event, "Bo")
    url = reverse("registrations:promote", args=[waiting.pk])
    refused = admin.post(url, {"reason": "Speaker"})
    assert (refused.status_code, "No seat is free" in refused.content.decode()) == (409, True)
    Event.objects.update(capacity=2)
    assert admin.post(url, {"reason": "Speaker"}).status_code == 302
    waiting.refresh_from_db()
    assert waiting.state == "confirmed"


def doors(registration) -> list[str]:
    return [
        reverse(LIST),
        reverse("registrations:index_results"),
        f"{reverse(LIST)}?export=csv",
        f"{reverse(LIST)}?export=xlsx",
        reverse("registrations:inspect", args=[registration.pk]),
        reverse("registrations:cancel", args=[registration.pk]),
        reverse("registrations:promote", args=[registration.pk]),
        reverse("registrations:links", args=[registration.pk]),
    ]


def test_an_editor_without_the_right_reads_no_personal_data_anywhere(editor):
    registration = make.registered(make.event(), "Secret Person")
    for url in doors(registration):
        for answer in (editor.get(url), editor.post(url, {"reason": "x"})):
            assert (answer.status_code, b"Secret" in answer.content) == (302, False), url
    listing = editor.get(reverse("webinars:index"))
    assert (listing.status_code, "1 seat" in listing.content.decode()) == (200, True)
    assert reverse(LIST) not in listing.content.decode()
    registration.refresh_from_db()
    assert registration.state == "confirmed"


def test_a_visitor_reaches_no_staff_page(client):
    registration = make.registered(make.event(), "Secret Person")
    for url in [*doors(registration), reverse("webinars:index"), reverse("events_clone", args=[1])]:
        answer = client.get(url)
        assert (answer.status_code, b"Secret" in answer.content) == (302, False), url


def test_an_event_manager_sees_and_cancels(manager):
    registration = make.registered(make.event())
    for url in doors(registration):
        assert manager.get(url).status_code == 200, url
    manager.post(reverse("registrations:cancel", args=[registration.pk]), {"reason": "x"})
    registration.refresh_from_db()
    assert registration.state == "cancelled"


def test_who_may_only_look_cannot_cancel(client):
    person = accounts.editor()
    person.user_permissions.add(Permission.objects.get(codename="view_registration"))
    accounts.sign_in(client, person)
    registration = make.registered(make.event())
    assert client.get(reverse("registrations:inspect", args=[registration.pk])).status_code == 200
    assert "Give a seat" not in client.get(reverse("registrations:inspect", args=[registration.pk])).content.decode()
    client.post(reverse("registrations:cancel", args=[registration.pk]), {"reason": "x"})
    registration.refresh_from_db()
    assert registration.state == "confirmed"


def test_nothing_can_be_added_edited_or_deleted_by_hand(admin):
    registration = make.registered(make.event())
    for rest in ("new/", f"edit/{registration.pk}/", f"delete/{registration.pk}/", f"history/{registration.pk}/"):
        assert admin.get(reverse(LIST) + rest).status_code == 404


def test_whoever_is_erased_has_neither_name_nor_address_on_screen_and_in_the_spreadsheet(admin):
    make.registered(make.event(), "Ana", email="ana@city.example")
    erase(subject=Subject(None, ("ana@city.example",)), channel=Channel.STAFF)
    (shown,) = cells(admin.get(reverse("registrations:index_results")))
    assert shown[:2] == ["Personal data erased", ""]
    _headings, row = csv.reader(io.StringIO(export(admin, "csv").decode("utf-8-sig")))
    assert row == shown
    sheet = load_workbook(io.BytesIO(export(admin, "xlsx"))).active
    assert [cell.value or "" for cell in sheet[2]][:2] == shown[:2]
    page = admin.get(reverse("registrations:inspect", args=[Registration.objects.get().pk])).content.decode()
    assert page.count("<bdi>Personal data erased</bdi>") == 1
    assert "erased.invalid" not in page
