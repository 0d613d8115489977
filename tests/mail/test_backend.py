"""Django's own mail API ends in the outbox."""

import pytest
from django.core.mail import EmailMessage, EmailMultiAlternatives, mail_admins, send_mail
from django.utils import translation

from mail.addresses import BadAddress
from mail.models import Message
from mail.rendering import prepared
from tests.factories.mail import fail_after

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def outbox(settings) -> None:
    """The test runner puts a backend of its own in this place."""
    settings.EMAIL_BACKEND = "mail.backend.OutboxBackend"


def test_each_recipient_gets_a_row_of_their_own() -> None:
    with translation.override("fr"):
        assert send_mail("Sujet", "Texte", "other@city.example", ["a@city.example", "Béa <b@city.example>"]) == 1
    rows = Message.objects.order_by("id").values_list("kind", "to_address", "to_name", "language", "subject", "text")
    assert list(rows) == [
        ("plain", "a@city.example", "", "fr", "Sujet", "Texte"),
        ("plain", "b@city.example", "Béa", "fr", "Sujet", "Texte"),
    ]
    assert {message.is_secret for message in Message.objects.all()} == {True}


def test_html_files_copies_and_replies_are_kept() -> None:
    message = EmailMultiAlternatives(
        "S", "Text", to=["a@city.example"], bcc=["b@city.example"], reply_to=["Help <help@gkec.example>"]
    )
    message.attach_alternative("<p>HTML</p>", "text/html")
    message.attach("a.csv", "1,2", "text/csv")
    assert message.send() == 1
    for row in Message.objects.all():
        assert (row.text, row.html, row.reply_to) == ("Text", "<p>HTML</p>", "help@gkec.example")
        (file,) = prepared(row).attachments
        assert (file.filename, file.content, file.content_type) == ("a.csv", b"1,2", "text/csv")
    assert set(Message.objects.values_list("to_address", flat=True)) == {"a@city.example", "b@city.example"}


def test_a_mail_in_html_alone_gets_a_text_beside() -> None:
    message = EmailMessage("S", "<p>Fish &amp; chips</p>", to=["a@city.example"])
    message.content_subtype = "html"
    message.send()
    row = Message.objects.get()
    assert (row.text, row.html) == ("Fish & chips", "<p>Fish &amp; chips</p>")


def test_words_of_third_parties_with_what_no_row_can_hold_are_sent_all_the_same() -> None:
    assert send_mail("S\x00\ud83d", "Text\ud83d\x00", None, ["a@city.example"]) == 1
    row = Message.objects.get()
    assert (row.subject, row.text) == ("S?", "Text?")


def test_a_double_click_sends_once_and_other_words_send_again(time_machine) -> None:
    time_machine.move_to("2026-12-12T14:00:10+00:00")
    for words in ("Text", "Text", "Other"):
        send_mail("S", words, None, ["a@city.example"])
    assert Message.objects.count() == 2
    time_machine.shift(61)
    send_mail("S", "Text", None, ["a@city.example"])
    assert Message.objects.count() == 3


def test_a_bad_address_is_an_error_unless_the_caller_asked_for_silence() -> None:
    with pytest.raises(BadAddress):
        send_mail("S", "Text", None, ["nobody"])
    assert send_mail("S", "Text", None, ["nobody"], fail_silently=True) == 0
    assert not Message.objects.exists()


def test_mail_rolls_back_with_the_change_it_is_about() -> None:
    with pytest.raises(RuntimeError):
        fail_after(lambda: send_mail("S", "Text", None, ["a@city.example"]))
    assert not Message.objects.exists()


def test_mail_to_nobody_is_no_mail(settings) -> None:
    settings.ADMINS = []
    mail_admins("S", "Text")
    assert not Message.objects.exists()
