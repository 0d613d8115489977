"""The screens on which staff write to registered people: dry run first, then yes, then back if need be."""

import re
from datetime import timedelta

import pytest

from accounts import roles
from core import clock
from events import errors
from events.models import Event, StaffMessage
from events.services import send_message, take_back_message, write_message
from mail import rendering
from mail.kinds import NoLongerMakesSense
from mail.models import Mailing, Message
from tests.events.screens import body, url
from tests.factories import accounts
from tests.factories import events as make

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("section", "time")]
WINDOW = timedelta(minutes=2)


def written_to(manager, event: Event, **fields: str) -> StaffMessage:
    given = {"audience": "confirmed", "subject_en": "News about {title}", "text_en": "Dear {name},\n\nbring a map."}
    manager.post(url("message_write", event.pk), {**given, **fields})
    return StaffMessage.objects.latest("pk")


def test_a_message_is_rehearsed_sent_once_and_leaves_after_the_window(manager, event, time):
    make.registered(event, "Ana")
    make.registered(event, "Bo", language="fr")
    message = written_to(manager, event)
    page = body(manager.get(url("message", message.pk)))
    assert ("2 people would get this." in page, "would leave at 2026-11-01 09:02 UTC" in page) == (True, True)
    assert Message.objects.filter(kind="event-message").count() == 0
    for _ in range(2):
        assert manager.post(url("message", message.pk)).url == url("message_sent", message.pk)
    mailing = Mailing.objects.get()
    sent = Message.objects.filter(kind="event-message")
    assert (mailing.total, mailing.leaves_at, sent.count()) == (2, clock.now() + WINDOW, 2)
    assert {(one.due_at, one.stream, one.mailing_id) for one in sent} == {(mailing.leaves_at, "bulk", mailing.pk)}
    shown = manager.get(url("message_sent", message.pk))
    assert ("Nothing leaves before 2026-11-01 09:02:00 UTC." in body(shown), shown.context["books"]) == (
        True,
        [("waiting", 2)],
    )


def test_the_dry_run_leads_back_to_the_words_and_people_and_a_correction_takes_their_place(manager, event):
    make.registered(event, "Ana")
    message = written_to(manager, event, audience="waiting", subject_fr="Salle", text_fr="Salle 5")
    address = manager.get(url("message", message.pk)).context["back_url"]
    form = manager.get(address).context["form"]
    assert [form[name].value() for name in ("audience", "subject_en", "text_en", "subject_fr", "text_fr", "text_es")] == [
        "waiting", "News about {title}", "Dear {name},\n\nbring a map.", "Salle", "Salle 5", "",
    ]  # fmt: skip
    manager.post(address, {"audience": "confirmed", "text_en": "Bring a book."})
    found = StaffMessage.objects.order_by("pk").values_list("event", "audience", "words__en__text")
    assert list(found) == [(event.pk, "confirmed", "Bring a book.")]
    # Nobody sends the words that were corrected, however long the screen has been open.
    assert manager.post(url("message", message.pk)).status_code == 404


def test_what_was_sent_stays_where_its_words_are_used_again(manager, event):
    make.registered(event, "Ana")
    message = written_to(manager, event)
    manager.post(url("message", message.pk))
    manager.post(url("message_again", message.pk), {"audience": "confirmed", "text_en": "Bring a book."})
    found = StaffMessage.objects.order_by("pk").values_list("words__en__text", "mailing__total")
    assert list(found) == [("Dear {name},\n\nbring a map.", 1), ("Bring a book.", None)]


def test_words_are_shown_in_another_language_where_there_are_none_and_marked(manager, event):
    make.registered(event, "Ana", language="fr")
    send_message(message_id=written_to(manager, event).pk)
    content = rendering.render(Message.objects.get(kind="event-message"))
    assert content.subject == "News about Budget"
    assert "\u2068Dear \u2068Ana\u2069,\u2069\n\n\u2068bring a map.\u2069\n" in content.text
    assert '<p lang="en" dir="ltr"' in content.html


def test_the_dry_run_says_who_reads_words_in_another_language(manager, event):
    for name, language in (("Ana", "fr"), ("Bo", "es"), ("Cy", "ar"), ("Di", "en"), ("Eve", "fr")):
        make.registered(event, name, language=language)
    page = body(manager.get(url("message", written_to(manager, event).pk)))
    assert (
        '<p class="help-block help-warning">4 people read the <bdi lang="en">English</bdi> words: there are none in '
        '<bdi lang="fr">français</bdi>, <bdi lang="es">español</bdi>, <bdi lang="ar">العربيّة</bdi>.</p>'
    ) in page
    page = body(manager.get(url("message", written_to(manager, event, text_fr="Oui", text_es="Sí").pk)))
    assert (
        '1 person reads the <bdi lang="en">English</bdi> words: there are none in <bdi lang="ar">العربيّة</bdi>.'
    ) in page
    page = body(manager.get(url("message", written_to(manager, event, text_fr="Oui", text_en="", subject_en="").pk)))
    assert (
        '3 people read the <bdi lang="fr">français</bdi> words: there are none in <bdi lang="en">English</bdi>, '
        '<bdi lang="es">español</bdi>, <bdi lang="ar">العربيّة</bdi>.'
    ) in page


def test_the_dry_run_says_nothing_of_languages_where_everybody_has_words(manager, event):
    make.registered(event, "Ana")
    page = body(manager.get(url("message", written_to(manager, event).pk)))
    assert ("1 person would get this." in page, "there are none in" in page) == (True, False)


def test_one_button_takes_all_of_it_back(manager, event, time):
    for name in ("Ana", "Bo", "Cy"):
        make.registered(event, name)
    message = written_to(manager, event)
    manager.post(url("message", message.pk))
    Message.objects.filter(kind="event-message", to_address="ana@example.org").update(
        state="leased", lease_id="00000000-0000-0000-0000-000000000001", leased_until=clock.now()
    )
    answer = manager.post(url("message_sent", message.pk), follow=True)
    assert "3 of 3 messages are taken back." in body(answer)
    mailing = Mailing.objects.get()
    assert (mailing.withdrawn, set(Message.objects.filter(mailing=mailing).values_list("state", flat=True))) == (
        3,
        {"cancelled"},
    )
    assert take_back_message(message_id=message.pk).withdrawn == 3


@pytest.mark.parametrize("is_taken_back", [False, True])
def test_an_old_dry_run_promises_nothing_of_what_has_left_or_was_taken_back(manager, event, time, is_taken_back):
    make.registered(event, "Ana")
    address = url("message", written_to(manager, event).pk)
    promise = "The message leaves soon. Until then you can take it back."
    assert promise in body(manager.post(address, follow=True))
    if is_taken_back:
        take_back_message(message_id=StaffMessage.objects.get().pk)
    else:
        time.shift(WINDOW)
    answer = manager.post(address, follow=True)
    assert [answer.redirect_chain, promise in body(answer)] == [
        [(url("message_sent", StaffMessage.objects.get().pk), 302)],
        False,
    ]


@pytest.mark.parametrize(("number", "were"), [(1, "1 was taken back"), (2, "2 were taken back")])
def test_what_was_taken_back_is_told_in_its_number(manager, event, time, number, were):
    for name in ("Ana", "Bo")[:number]:
        make.registered(event, name)
    message = written_to(manager, event)
    manager.post(url("message", message.pk))
    page = body(manager.post(url("message_sent", message.pk), follow=True))
    assert f"{were} at {clock.now():%Y-%m-%d %H:%M} UTC." in page


def test_the_page_of_a_message_under_way_shows_how_far_it_has_come(manager, event, time):
    for name in ("Ana", "Bo", "Cy"):
        make.registered(event, name)
    message = written_to(manager, event)
    manager.post(url("message", message.pk))

    def bar() -> tuple[str, ...]:
        page = body(manager.get(url("message_sent", message.pk)))
        found = re.search(
            r'<progress max="(\d+)" value="(\d+)" aria-labelledby="(.*?)".*?<span id="\3">(.*?)</span>', page
        )
        return (found[1], found[2], found[4].strip()) if found else ()

    assert bar() == ("3", "0", "0 of 3 (0%)")
    mine, now = Message.objects.filter(kind="event-message"), clock.now()
    left = {"started_at": now, "first_tried_at": now, "finished_at": now, "attempts": 1}
    mine.filter(to_address="ana@example.org").update(state="accepted", **left)
    mine.filter(to_address="bo@example.org").update(state="failed", reason="refused", **left)
    assert bar() == ("3", "2", "2 of 3 (66%)")
    take_back_message(message_id=message.pk)
    assert bar() == ("3", "1", "1 of 3 had left.")
    mine.filter(to_address="bo@example.org").delete()
    assert bar() == ()


def test_what_a_worker_takes_this_instant_is_not_written_once_it_is_taken_back(event):
    make.registered(event)
    message = write_message(event_id=event.pk, audience="confirmed", words={"en": {"subject": "", "text": "Hello"}})
    mailing = send_message(message_id=message.pk)
    in_hand = Message.objects.get(mailing=mailing)
    assert "Hello" in rendering.render(in_hand).text
    Mailing.objects.update(withdrawn_at=clock.now())
    with pytest.raises(NoLongerMakesSense):
        rendering.render(in_hand)


def test_what_has_begun_to_leave_is_not_taken_back(event):
    make.registered(event, "Ana")
    make.registered(event, "Bo")
    message = write_message(event_id=event.pk, audience="confirmed", words={"en": {"subject": "", "text": "Hello"}})
    send_message(message_id=message.pk)
    now = clock.now()
    Message.objects.filter(kind="event-message", to_address="ana@example.org").update(
        state="accepted", started_at=now, first_tried_at=now, finished_at=now, attempts=1
    )
    assert take_back_message(message_id=message.pk).withdrawn == 1


def test_waiting_people_alone_are_written_to(manager):
    event = make.event(capacity=1)
    make.registered(event, "Ana")
    make.registered(event, "Bo")
    send_message(message_id=written_to(manager, event, audience="waiting").pk)
    assert list(Message.objects.filter(kind="event-message").values_list("to_address", flat=True)) == ["bo@example.org"]


@pytest.mark.parametrize("change", ["cancelled", "over"])
def test_nobody_is_written_to_about_what_is_cancelled_or_long_over(manager, event, time, change):
    message = written_to(manager, event)
    if change == "cancelled":
        Event.objects.update(status="cancelled")
    else:
        time.move_to(event.ends_at + timedelta(days=4))
    with pytest.raises(errors.EventOverForMessages):
        send_message(message_id=message.pk)


def test_a_message_without_words_is_refused(manager, event):
    answer = manager.post(url("message_write", event.pk), {"audience": "confirmed"})
    assert "Write a text in at least one language." in body(answer)
    assert StaffMessage.objects.count() == 0


@pytest.mark.parametrize("group", [roles.EDITORS, roles.MODERATORS])
def test_staff_without_the_right_cannot_write_to_registered_people(client, event, group):
    accounts.sign_in(client, accounts.PersonFactory(groups=[group], is_staff=True))
    make.registered(event)
    message = write_message(event_id=event.pk, audience="confirmed", words={"en": {"subject": "", "text": "Hello"}})
    of_message = [url(name, message.pk) for name in ("message", "message_again", "message_sent")]
    for address in (url("message_write", event.pk), *of_message):
        assert client.get(address).status_code == 302
        client.post(address, {"audience": "confirmed", "text_en": "Spam"})
    assert client.get(url("message_sample", message.pk, "en")).status_code == 302
    assert (StaffMessage.objects.count(), Mailing.objects.count()) == (1, 0)
