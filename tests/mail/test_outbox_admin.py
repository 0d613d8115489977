"""The outbox in the admin: who may look, what they see, and that nothing can be changed."""

import csv
import io
import re
from datetime import UTC, datetime, timedelta

import openpyxl
import pytest
from bs4 import BeautifulSoup
from django.contrib.auth.models import Permission
from django.http import HttpResponse
from django.test import Client
from wagtail.users.models import UserProfile

from core import clock
from mail import explaining
from mail.kinds import Attachment
from mail.models import Attempt, Message, Report, Resend
from tests.factories.accounts import PersonFactory, editor, sign_in
from tests.factories.mail import ask

pytestmark = pytest.mark.django_db
INDEX = "/admin/outbox/"


@pytest.fixture
def staff(client: Client) -> Client:
    """A member of staff who may look at messages."""
    person = editor()
    person.user_permissions.add(Permission.objects.get(codename="view_message", content_type__app_label="mail"))
    return sign_in(client, person)


def accepted(message: Message, **fields: object) -> Message:
    now = clock.now()
    ended = {"state": "accepted", "started_at": now, "first_tried_at": now, "finished_at": now, "attempts": 1}
    Message.objects.filter(pk=message.pk).update(**{**ended, "last_reply": "2.0.0 queued as 42", **fields})
    message.refresh_from_db()
    return message


def rows(response: HttpResponse) -> list[list[str]]:
    page = BeautifulSoup(response.content, "html.parser")
    return [[cell.get_text(" ", strip=True) for cell in row.find_all("td")] for row in page.select("tbody tr")]


def addresses(response: HttpResponse) -> list[str]:
    return [row[0] for row in rows(response)]


def words(response: HttpResponse) -> str:
    return BeautifulSoup(response.content, "html.parser").get_text(" ", strip=True)


def test_the_list_shows_each_message_with_its_state(staff: Client, time_machine) -> None:
    now = clock.now()
    time_machine.move_to(now, tick=False)
    accepted(ask(to="a@city.example", key="event:1", subject="Hello <b>", language="fr"))
    assert rows(staff.get(INDEX)) == [
        [
            "a@city.example",
            "Hello <b>",
            "Other",
            "français",
            "Accepted",
            "",
            f"{now:%Y-%m-%d %H:%M}",
            f"{now:%Y-%m-%d %H:%M}",
            f"{now:%Y-%m-%d %H:%M}",
            "1",
            "2.0.0 queued as 42",
            "event:1",
        ]
    ]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("state=queued", ["c@city.example", "b@town.example"]),
        ("state=accepted&state=queued", ["c@city.example", "b@town.example", "a@city.example"]),
        ("kind=plain", ["c@city.example", "b@town.example"]),
        ("stream=bulk", ["b@town.example"]),
        ("language=ar", ["b@town.example"]),
        ("q=TOWN", ["b@town.example"]),
        ("q=event:", ["a@city.example"]),
        ("q=vent:", []),
        ("q=@city&state=queued", ["c@city.example"]),
        ("ordering=to_address", ["a@city.example", "b@town.example", "c@city.example"]),
        ("created_at_from=2999-01-01", []),
    ],
)
def test_filters_search_and_order(staff: Client, query: str, found: list[str]) -> None:
    accepted(ask(to="a@city.example", key="event:1", kind="event-confirmation"))
    ask(to="b@town.example", key="news:1", stream="bulk", language="ar")
    ask(to="c@city.example", key="news:2")
    assert addresses(staff.get(f"{INDEX}?{query}")) == found


@pytest.mark.parametrize("zone", ["America/Bogota", "Pacific/Apia"])
def test_the_ends_of_the_calendar_bound_a_list_in_any_zone(client: Client, zone: str) -> None:
    person = PersonFactory(admin=True)
    UserProfile.get_for_user(person)
    UserProfile.objects.update(current_time_zone=zone)
    sign_in(client, person)
    ask(to="a@city.example")
    whole = "created_at_from=0001-01-01&created_at_to=9999-12-31"
    assert addresses(client.get(f"{INDEX}?{whole}")) == ["a@city.example"]
    assert addresses(client.get(f"{INDEX}?created_at_to=0001-01-01")) == []
    assert addresses(client.get(f"{INDEX}?created_at_from=9999-12-31")) == []


def test_the_filter_offers_states_as_the_list_shows_them(staff: Client) -> None:
    ask()
    page = BeautifulSoup(staff.get(INDEX).content, "html.parser")
    offered = {box["value"]: box.parent.get_text(strip=True) for box in page.select("input[name=state]")}
    assert offered == {
        "queued": "Waiting",
        "leased": "Taken by a worker",
        "started": "Being handed over",
        "deferred": "To be tried again",
        "accepted": "Accepted",
        "failed": "Failed",
        "suppressed": "Suppressed",
        "cancelled": "Cancelled",
        "unknown": "Unknown",
    }


def test_the_list_costs_the_same_with_one_and_with_three_messages(staff: Client, django_assert_num_queries) -> None:
    ask()
    staff.get(INDEX)
    with django_assert_num_queries(11):
        assert len(rows(staff.get(INDEX))) == 1
    ask()
    ask()
    with django_assert_num_queries(11):
        assert len(rows(staff.get(INDEX))) == 3


def test_the_list_does_not_fetch_what_it_does_not_show(staff: Client, django_assert_num_queries) -> None:
    ask(html="<p>" + "x" * 1000)
    staff.get(INDEX)
    with django_assert_num_queries(11) as captured:
        staff.get(INDEX)
    assert not [one["sql"] for one in captured.captured_queries if '"mail_message"."html"' in one["sql"]]


def test_exports_equal_the_screen_and_hold_no_formula(staff: Client) -> None:
    ask(to="a@city.example", subject="=HYPERLINK(1)", key="+k")
    ask(to="b@city.example", subject="مرحبا", key="k2")
    screen = rows(staff.get(f"{INDEX}?q=city"))
    text = b"".join(staff.get(f"{INDEX}?q=city&export=csv").streaming_content).decode("utf-8-sig")
    heading, *table = csv.reader(io.StringIO(text))
    assert heading == [
        *("To", "Subject", "Kind", "Language", "State", "Why", "Asked for", "Due", "Finished", "Attempts"),
        *("The server's last words", "Key"),
    ]
    defused = [[f"'{cell}" if cell[:1] in {"=", "+"} else cell for cell in row] for row in screen]
    assert table == defused
    sheet = openpyxl.load_workbook(
        io.BytesIO(b"".join(staff.get(f"{INDEX}?q=city&export=xlsx").streaming_content))
    ).active
    assert sheet is not None
    shown = [
        [cell.strftime("%Y-%m-%d %H:%M") if isinstance(cell, datetime) else str(cell or "") for cell in row]
        for row in sheet.iter_rows(min_row=2, values_only=True)
    ]
    assert [row[:9] for row in shown] == [row[:9] for row in screen]
    assert "f" not in {cell.data_type for row in sheet.iter_rows() for cell in row}
    formula = next(cell for row in sheet.iter_rows() for cell in row if cell.value == "=HYPERLINK(1)")
    assert (formula.data_type, formula.quotePrefix) == ("s", True)


def test_a_message_is_shown_as_it_went_out_with_attempts_and_what_comes_next(staff: Client) -> None:
    file = Attachment("invitation.ics", b"BEGIN", "text/calendar; method=REQUEST", as_alternative=True)
    asked = {"to_name": "Zoë <b>", "text": "The text.", "language": "fr"}
    message = accepted(ask(to="a@city.example", attachments=[file], person=PersonFactory(), **asked))
    Attempt.objects.create(
        message=message, number=1, started_at=clock.now(), answered_at=clock.now(), code=250, reply="2.0.0 queued as 42"
    )
    response = staff.get(f"{INDEX}message/{message.pk}/")
    shown = words(response)
    for expected in (
        "Accepted. Nothing more: the receiving server accepted it at",
        "Zoë <b> , a@city.example",
        "Language français",
        "250 2.0.0 queued as 42",
        "invitation.ics (text/calendar; method=REQUEST, 5\xa0bytes)",
        f"Message-ID: {message.message_id}",
        "Auto-Submitted: auto-generated",
        "The text.",
    ):
        assert expected in shown
    frame = BeautifulSoup(response.content, "html.parser").select_one("iframe.mail-html")
    assert frame is not None
    assert frame["src"] == f"{INDEX}message/{message.pk}/html/"
    # A bare attribute: nothing is allowed.
    assert not frame["sandbox"]


@pytest.mark.parametrize(
    ("reason", "whose", "others"),
    [
        ("withdrawn", "Noted by the site", "The server's last words"),
        ("senseless", "Noted by the site", "The server's last words"),
        ("unrenderable", "Noted by the site", "The server's last words"),
        ("worker_lost", "Noted by the site", "The server's last words"),
        ("refused", "The server's last words", "Noted by the site"),
        ("unreachable", "The server's last words", "Noted by the site"),
    ],
)
def test_our_own_words_are_not_put_into_a_servers_mouth(staff: Client, reason: str, whose: str, others: str) -> None:
    message = accepted(ask(), state="failed", reason=reason, last_reply="So it was.")
    shown = words(staff.get(f"{INDEX}message/{message.pk}/"))
    assert (f"{whose} So it was." in shown, others in shown) == (True, False)
    (row,) = rows(staff.get(INDEX))
    assert ("So it was." in row) == (whose == "The server's last words")


@pytest.mark.parametrize("number", [1, 3])
def test_a_message_costs_the_same_for_one_attempt_report_and_copy_and_for_three(
    staff: Client, number: int, django_assert_num_queries
) -> None:
    message = accepted(ask(person=PersonFactory()))
    for step in range(1, number + 1):
        Attempt.objects.create(message=message, number=step, started_at=clock.now(), reply=f"Try {step}")
        Report.objects.create(message=message, what="bounced", event_id=str(step), words=f"Told {step}")
        by = PersonFactory(display_name=f"Clerk {step}")
        Resend.objects.create(original=message, number=step, copy=ask(), by=by, reason=f"Call {step}")
    url = f"{INDEX}message/{message.pk}/"
    staff.get(url)
    with django_assert_num_queries(14):
        shown = words(staff.get(url))
    for word in ("Try", "Told", "Clerk", "Call"):
        assert re.findall(rf"{word} (\d)", shown) == [str(step) for step in range(1, number + 1)]


@pytest.mark.parametrize(
    ("origins", "pictures"),
    [
        ([], "'self' https://gkec.example data:"),
        (["https://media.example"], "'self' https://gkec.example https://media.example data:"),
        (["https://gkec.example"], "'self' https://gkec.example data:"),
    ],
)
def test_the_html_of_a_message_can_do_nothing_but_show_our_pictures(
    staff: Client, settings, origins: list[str], pictures: str
) -> None:
    settings.BASE_URL, settings.MEDIA_ORIGINS = "https://gkec.example", origins
    message = ask(html="<script>alert(1)</script><p>Hi</p>")
    response = staff.get(f"{INDEX}message/{message.pk}/html/")
    assert response.content == b"<script>alert(1)</script><p>Hi</p>"
    assert response["Content-Security-Policy"] == (
        f"default-src 'none'; style-src 'unsafe-inline'; img-src {pictures}; base-uri 'none';"
        " form-action 'none'; frame-ancestors 'self'; sandbox"
    )
    assert response["X-Frame-Options"] == "SAMEORIGIN"
    assert response["Referrer-Policy"] == "no-referrer"


def test_nobody_reads_a_sign_in_code_in_the_admin(staff: Client) -> None:
    message = ask(is_secret=True, subject="Your code: 314159", text="Code 314159", html="<p>Code 314159</p>")
    assert b"314159" not in staff.get(INDEX).content
    response = staff.get(f"{INDEX}message/{message.pk}/")
    assert b"314159" not in response.content
    assert "shown to nobody" in words(response)
    assert staff.get(f"{INDEX}message/{message.pk}/html/").status_code == 404
    assert b"314159" not in b"".join(staff.get(f"{INDEX}?export=csv").streaming_content)


@pytest.mark.parametrize("path", ["", "results/", "message/{pk}/", "message/{pk}/html/", "?export=csv"])
def test_an_editor_without_the_permission_sees_no_message(client: Client, path: str) -> None:
    message = ask()
    response = sign_in(client, editor()).get(INDEX + path.format(pk=message.pk))
    assert response.status_code == 302
    assert b"city.example" not in response.content


def test_a_visitor_sees_no_message(client: Client) -> None:
    ask()
    for visitor in (Client(), sign_in(client, PersonFactory())):
        answer = visitor.get(INDEX)
        assert (answer.status_code, answer["Location"]) == (302, f"/_/sign-in/?next={INDEX}")
        assert b"city.example" not in answer.content


@pytest.mark.parametrize("path", ["new/", "edit/{pk}/", "delete/{pk}/", "copy/{pk}/", "history/{pk}/", "usage/{pk}/"])
def test_not_even_an_administrator_can_write_or_delete_a_message(client: Client, path: str) -> None:
    message = ask()
    administrator = sign_in(client, PersonFactory(admin=True))
    assert administrator.get(INDEX + path.format(pk=message.pk)).status_code == 404
    assert "Add message" not in words(administrator.get(INDEX))
    assert administrator.get(f"{INDEX}message/{message.pk}/").status_code == 200


@pytest.mark.parametrize(
    ("state", "sentence"),
    [
        ("queued", "It is written from its records at the moment it leaves."),
        ("suppressed", "Nothing is kept of its words: it was never written, or they have been deleted since."),
        ("failed", "Nothing is kept of its words: it was never written, or they have been deleted since."),
    ],
)
def test_a_message_without_words_says_whether_it_will_have_any(client: Client, state: str, sentence: str) -> None:
    now = clock.now()
    ended = {"reason": "suppressed", "finished_at": now}
    tried = {"reason": "refused", "finished_at": now, "started_at": now, "first_tried_at": now, "attempts": 1}
    message = ask()
    Message.objects.filter(pk=message.pk).update(
        state=state, subject="", text="", html="", **{"queued": {}, "suppressed": ended, "failed": tried}[state]
    )
    administrator = sign_in(client, PersonFactory(admin=True))
    assert sentence in words(administrator.get(f"{INDEX}message/{message.pk}/"))


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({}, "It waits for a worker; the sweep calls one within 15 seconds."),
        ({"due_at": datetime(2026, 12, 13, 9, tzinfo=UTC)}, "It leaves at 2026-12-13 09:00:00."),
        (
            {"repeats": 1, "reason": "worker_lost"},
            "It will be sent once more, with the same Message-ID, because the worker died during the hand-over.",
        ),
        (
            {"state": "leased", "leased_until": datetime(2026, 12, 12, 14, 2, tzinfo=UTC)},
            "A worker has it in hand; should the worker die, it goes back to the queue at 2026-12-12 14:02:00.",
        ),
        (
            {"state": "started", "started_at": datetime(2026, 12, 12, 14, tzinfo=UTC)},
            "Its hand-over has been under way since 2026-12-12 14:00:00.",
        ),
        (
            {
                "state": "deferred",
                "reason": "later",
                "due_at": datetime(2026, 12, 12, 15, tzinfo=UTC),
                "first_tried_at": datetime(2026, 12, 12, 14, tzinfo=UTC),
            },
            (
                "It will be tried again at 2026-12-12 15:00:00, because the receiving server asked to try later."
                " At 2026-12-15 14:00:00 trying ends."
            ),
        ),
        (
            {
                "state": "deferred",
                "reason": "later",
                "due_at": datetime(2026, 12, 12, 15, tzinfo=UTC),
                "first_tried_at": datetime(2026, 12, 9, 15, tzinfo=UTC),
            },
            "It will be tried for the last time at 2026-12-12 15:00:00, because the receiving server asked to try later.",
        ),
        (
            {"state": "unknown", "reason": "no_answer", "finished_at": datetime(2026, 12, 12, 14, tzinfo=UTC)},
            (
                "Nothing, unless you decide so: it may have arrived or not, because the connection broke before the"
                " server answered, and sending it again could make a second copy."
            ),
        ),
        (
            {"state": "unknown", "reason": "expired", "repeats": 1},
            (
                "Nothing, unless you decide so: an attempt without an answer may have arrived, and its repeat ended"
                " because its time had passed before it could leave. Sending it again could make a second copy."
            ),
        ),
        (
            {"state": "failed", "reason": "refused", "finished_at": datetime(2026, 12, 12, 14, tzinfo=UTC)},
            "Nothing more: it ended at 2026-12-12 14:00:00, because the receiving server refused it.",
        ),
    ],
)
def test_one_sentence_says_what_happens_next(fields: dict, sentence: str, time_machine, settings) -> None:
    settings.MAIL_SWEEP_SECONDS = 15
    time_machine.move_to(datetime(2026, 12, 12, 14, tzinfo=UTC), tick=False)
    message = ask()
    for name, value in fields.items():
        setattr(message, name, value)
    assert explaining.what_next(message) == sentence


def test_a_moment_is_told_in_the_zone_of_whoever_looks(time_machine) -> None:
    from django.utils import timezone

    time_machine.move_to(datetime(2026, 12, 12, 14, tzinfo=UTC), tick=False)
    message = ask(due_at=clock.now() + timedelta(hours=1))
    with timezone.override("Asia/Kathmandu"):
        assert explaining.what_next(message) == "It leaves at 2026-12-12 20:45:00."
