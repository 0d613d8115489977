"""Sending a message once more: what it makes, what is refused, who may, and that two at once make one."""

from datetime import timedelta

import pytest
import time_machine
from bs4 import BeautifulSoup
from django.contrib.auth.models import Permission
from django.http import HttpResponse
from django.test import Client

from core import clock
from core.personal import Subject
from events.models import Event, Registration, WebinarPage
from events.services import announce_changes, cancel
from mail import diagnoses
from mail.enums import SuppressionReason
from mail.models import Message, Resend
from mail.services import resend, resending, suppress
from mail.services.asking_many import Asked
from mail.services.erasing import erase_messages
from mail.services.mailings import freeze, take_back
from mail.services.resending import CannotResend
from mail.undo import undo_window
from tests.events.changing import move
from tests.factories import events as make
from tests.factories.accounts import PersonFactory, editor, sign_in
from tests.factories.mail import ask, lapsed

pytestmark = pytest.mark.django_db


def ended(message: Message, state: str = "failed", **fields: object) -> Message:
    now = clock.now()
    reasons = {"failed": "refused", "unknown": "no_answer", "accepted": ""}
    facts = {"started_at": now, "first_tried_at": now, "finished_at": now, "attempts": 1, "reason": reasons[state]}
    Message.objects.filter(pk=message.pk).update(state=state, **{**facts, **fields})
    message.refresh_from_db()
    return message


def refusal(message: Message) -> str:
    before = Message.objects.count()
    with pytest.raises(CannotResend) as caught:
        resend(message_pk=message.pk, by=PersonFactory(), reason="They asked")
    assert (Message.objects.count(), Resend.objects.filter(original=message).count()) == (before, 0)
    return str(caught.value)


def test_a_copy_is_a_message_of_its_own_and_says_who_why_and_when() -> None:
    original = ended(ask(key="a:1", subject="Hello", text="Words\n", html="<p>Words</p>", stream="bulk"))
    by = PersonFactory()
    copy = resend(message_pk=original.pk, by=by, reason="  The server was repaired ")
    assert (copy.key, copy.state, copy.to_address, copy.subject, copy.text, copy.html, copy.stream) == (
        *("a:1:resent:1", "queued", original.to_address, "Hello", "Words\n", "<p>Words</p>", "bulk"),
    )
    assert copy.message_id != original.message_id
    note = Resend.objects.get()
    assert (note.original, note.copy, note.number, note.by, note.reason) == (
        *(original, copy, 1, by, "The server was repaired"),
    )
    original.refresh_from_db()
    assert original.state == "failed"


def test_a_copy_of_a_copy_is_counted_with_the_first() -> None:
    original = ended(ask(key="a:1"))
    first = ended(resend(message_pk=original.pk, by=PersonFactory(), reason="One"), "unknown")
    second = resend(message_pk=first.pk, by=PersonFactory(), reason="Two")
    assert second.key == "a:1:resent:2"
    assert list(original.resends.values_list("number", "copy_id")) == [(1, first.pk), (2, second.pk)]


def test_a_key_that_cannot_be_lengthened_gives_way_to_its_digest() -> None:
    original = ended(ask(key="k" * 200))
    copy = resend(message_pk=original.pk, by=PersonFactory(), reason="One")
    assert (len(copy.key), copy.key[64:]) == (73, ":resent:1")


def test_erasing_the_person_takes_the_reason_along() -> None:
    original = ended(ask(to="ana@city.example"))
    resend(message_pk=original.pk, by=PersonFactory(), reason="Ana Silva rang us")
    resend(message_pk=ended(ask()).pk, by=PersonFactory(), reason="Another")
    erase_messages(subject=Subject(None, ("ana@city.example",)))
    assert list(Resend.objects.order_by("id").values_list("reason", flat=True)) == ["–", "Another"]


def test_an_event_mail_is_written_afresh() -> None:
    registration = make.registered(make.event(title="Heat"), "Ana Silva")
    original = ended(Message.objects.get(kind="event-confirmation"))
    registration.event.title = "Heat pumps"
    registration.event.save()
    copy = resend(message_pk=original.pk, by=PersonFactory(), reason="Lost")
    assert (copy.kind, copy.params, copy.is_prepared) == (
        "event-confirmation",
        {"registration": registration.pk},
        False,
    )


def test_while_a_copy_is_on_its_way_there_is_no_second() -> None:
    original = ended(ask())
    resend(message_pk=original.pk, by=PersonFactory(), reason="One")
    with pytest.raises(CannotResend, match="A copy is on its way already"):
        resend(message_pk=original.pk, by=PersonFactory(), reason="Two")
    assert Message.objects.count() == 2


def test_a_sign_in_mail_is_never_sent_again() -> None:
    assert refusal(ended(ask(is_secret=True))) == (
        "It lets somebody sign in: the person asks for a new one themselves."
    )


def test_a_message_whose_time_has_passed_is_not_sent_again() -> None:
    assert refusal(ended(ask(), expires_at=clock.now())) == "Its sense has passed."


def test_a_message_that_would_say_something_untrue_is_not_sent_again() -> None:
    registration = make.registered(make.event(), "Ana Silva")
    original = ended(Message.objects.get(kind="event-confirmation"))
    cancel(registration_id=registration.pk)
    assert refusal(original) == "What it would say is no longer true."


def test_a_message_that_staff_took_back_is_refused_with_that_reason(notice: str) -> None:
    asked = [Asked(key="m:1", to="ana@city.example", language="en", params={"number": 1})]
    mailing = freeze(kind=notice, title="News", asked=asked, leaves_at=clock.now())
    ended(mailing.messages.get())
    assert resending.why_not(mailing.messages.get()) == ""
    take_back(mailing_id=mailing.pk)
    assert refusal(mailing.messages.get()) == "It was taken back."


def test_what_is_waiting_blanked_suppressed_or_of_an_unknown_kind_is_not_sent_again() -> None:
    assert refusal(ask()) == "It has not ended yet, so it may still arrive."
    assert refusal(ended(ask(), blanked_at=clock.now())) == "Its words have been erased."
    assert refusal(ended(ask(), is_prepared=False, kind="gone")) == (
        "No part of the site writes mails of this kind any more."
    )
    stopped = ended(ask())
    suppress(address=stopped.to_address, reason=SuppressionReason.STAFF)
    assert refusal(stopped) == "The address is on the suppression list."


def test_without_a_reason_nothing_is_sent() -> None:
    with pytest.raises(ValueError, match="needs a reason"):
        resend(message_pk=ended(ask()).pk, by=PersonFactory(), reason="  ")


def staff(client: Client, *codenames: str) -> Client:
    person = editor(display_name="Mia <b>")
    person.user_permissions.set(Permission.objects.filter(codename__in=codenames, content_type__app_label="mail"))
    return sign_in(client, person)


def shown_on(response: HttpResponse) -> tuple[str, list[str], bool]:
    """Return what the page refuses with, where that leads, and whether it has the form."""
    main = BeautifulSoup(response.content, "html.parser").main
    refused = main.select(".help-critical")
    links = [link["href"] for one in refused for link in one.select("a")]
    return " ".join(one.get_text(" ", strip=True) for one in refused), links, main.form is not None


def address(message: Message) -> str:
    return f"/admin/outbox/message/{message.pk}/resend/"


def test_staff_are_asked_for_a_reason_and_a_post_sends(client: Client) -> None:
    message = ended(ask(), "accepted")
    mia = staff(client, "view_message", "add_resend")
    assert b"It may have arrived: the person may get it twice." in mia.get(address(message)).content
    assert Message.objects.count() == 1
    assert b"This field is required" in mia.post(address(message), {"reason": " "}).content
    response = mia.post(address(message), {"reason": "Lost <i>"})
    copy = Message.objects.exclude(pk=message.pk).get()
    assert (response.status_code, response["Location"]) == (302, f"/admin/outbox/message/{copy.pk}/")
    assert mia.post(address(message), {"reason": "Again"}).status_code == 409
    shown = mia.get(f"/admin/outbox/message/{message.pk}/")
    assert "by Mia <b> : Lost <i> The copy" in " ".join(
        BeautifulSoup(shown.content, "html.parser").get_text(" ", strip=True).split()
    )
    assert "The first message" in mia.get(f"/admin/outbox/message/{copy.pk}/").content.decode()


@pytest.mark.parametrize("may_look", [True, False])
def test_the_form_for_an_address_on_the_list_gives_way_to_the_entry(client: Client, may_look: bool) -> None:
    message = ended(ask())
    mia = staff(client, "view_message", "add_resend", *(["view_suppression"] if may_look else []))
    suppress(address=message.to_address, reason=SuppressionReason.ASKED)
    assert shown_on(mia.get(address(message)))[0] == ""
    entry = suppress(address=message.to_address.upper(), reason=SuppressionReason.STAFF)
    link = f"/admin/suppressions/{entry.pk}/"
    sentence = "It cannot be sent again. The address is on the suppression list."
    for status, answer in ((200, mia.get(address(message))), (409, mia.post(address(message), {"reason": "Lost"}))):
        assert answer.status_code == status
        expected = (f"{sentence} Look at the entry", [link]) if may_look else (sentence, [])
        assert shown_on(answer) == (*expected, False)
    lapsed(entry)
    assert shown_on(mia.get(address(message))) == ("", [], True)


@pytest.mark.parametrize("codenames", [(), ("view_message",), ("add_resend",)])
def test_staff_without_both_permissions_cannot_make_the_site_write_to_people(
    client: Client, codenames: tuple[str, ...]
) -> None:
    message = ended(ask())
    mia = staff(client, *codenames)
    assert mia.get(address(message)).status_code == 302
    assert mia.post(address(message), {"reason": "Spam"}).status_code == 302
    assert Message.objects.count() == 1
    if "view_message" in codenames:
        assert b"resend/" not in mia.get(f"/admin/outbox/message/{message.pk}/").content


def test_an_address_forged_for_a_sign_in_mail_sends_nothing(client: Client) -> None:
    message = ended(ask(is_secret=True))
    mia = staff(client, "view_message", "add_resend")
    assert b'method="post"' not in mia.get(address(message)).content
    assert mia.post(address(message), {"reason": "Let me in"}).status_code == 409
    assert Message.objects.count() == 1


def test_whether_it_may_have_arrived_is_told_by_the_state() -> None:
    assert [resending.is_uncertain(Message(state=state)) for state in ("accepted", "unknown", "failed")] == [
        *(True, True, False),
    ]
    # What failed at last had got no answer before.
    assert resending.is_uncertain(Message(state="queued", repeats=1))


def moved(registration: Registration, *, is_told: bool = True, **by: int) -> Event:
    """Move the event, so that its end is no longer the moment at which its mails expire; people hear of it or not yet."""
    event = registration.event
    move(WebinarPage.objects.get(translation_key=event.translation_key), **by)
    if is_told:
        with time_machine.travel(clock.now() + undo_window()):
            assert announce_changes() == 1
    event.refresh_from_db()
    return event


def test_an_event_mail_sent_again_lasts_until_the_end_of_the_event_as_the_reader_was_told_last() -> None:
    registration = make.registered(make.event(), "Ana Silva")
    original = ended(Message.objects.get(kind="event-confirmation"), expires_at=clock.now())
    event = moved(registration, days=7)
    assert resending.why_not(original) == ""
    copy = resend(message_pk=original.pk, by=PersonFactory(), reason="Moved")
    assert copy.expires_at == event.ends_at > clock.now()


def test_an_event_mail_is_refused_once_the_event_is_over_by_the_date_that_the_reader_was_told() -> None:
    registration = make.registered(make.event(), "Ana Silva")
    original = ended(Message.objects.get(kind="event-confirmation"))
    event = moved(registration, hours=-20)
    with time_machine.travel(event.ends_at):
        assert original.expires_at > clock.now()
        assert refusal(original) == "Its sense has passed."


def test_a_date_of_which_nobody_has_heard_yet_changes_nothing_about_how_long_an_event_mail_lasts() -> None:
    # It may be a mistyped year, taken back within its window; the copy is written by what the reader knows.
    registration = make.registered(make.event(), "Ana Silva")
    known = registration.event.ends_at
    original = ended(Message.objects.get(kind="event-confirmation"))
    assert moved(registration, days=-400, is_told=False).ends_at < clock.now()
    assert resend(message_pk=original.pk, by=PersonFactory(), reason="Lost").expires_at == known


def test_prepared_words_keep_the_moment_at_which_they_lose_their_sense() -> None:
    until = clock.now() + timedelta(hours=1)
    original = ended(ask(key="a:1"), expires_at=until)
    assert resend(message_pk=original.pk, by=PersonFactory(), reason="Lost").expires_at == until


@pytest.mark.parametrize("number", [1, 3])
def test_the_dates_of_many_mails_are_looked_up_once(number: int, django_assert_num_queries) -> None:
    for name in ("Ana Silva", "Bo Lund", "Cy Twombly")[:number]:
        make.registered(make.event(), name)
    rows = [ended(one) for one in Message.objects.filter(kind="event-confirmation")]
    with django_assert_num_queries(1):
        assert set(resending.why_not_each(rows).values()) == {""}
    assert len(rows) == number


def test_a_copy_after_which_another_was_sent_asks_staff_for_nothing_more():
    original = ended(ask(), "unknown")
    first = ended(resend(message_pk=original.pk, by=PersonFactory(), reason="One"), "unknown")
    assert [found.name for found in diagnoses.unknown()] == ["mail-unknown"]
    ended(resend(message_pk=first.pk, by=PersonFactory(), reason="Two"))
    assert list(diagnoses.unknown()) == []
