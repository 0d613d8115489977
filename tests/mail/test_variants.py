"""A mail to many is written once and filled for each: every filling safe where it stands, every byte readable."""

import re
from collections.abc import Generator
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import settings as played
from hypothesis import strategies as st

from core import clock, kept, personal
from core.services import purging
from mail import kinds, mime, rendering, slots
from mail.kinds import MailKind, NoLongerMakesSense, Rendering
from mail.models import Message, Variant
from mail.services import enqueue, erasing, resend, withdraw
from mail.services.asking_many import Asked, enqueue_many
from mail.services.resending import CannotResend
from tests.factories.accounts import PersonFactory
from tests.factories.mail import deliver_all
from tests.mail.test_mime import envelope, one_way, read
from tests.services.mailserver import MailServer

TOKENS = slots.tokens(slots.NAMES)
NASTY = '"Zoë" <b>&amp;</b>\r\nBcc: evil@x.example\x00 {{ 7 }} %s [[own_url]] \u202e.'
written: list[tuple[dict, str]] = []


@pytest.fixture
def letter() -> Generator[str]:
    """A kind of mail to many: issue 0 is gone, issue 13 a fault; person 404 has left."""

    def render_variant(params: Any, language: str) -> Rendering:
        written.append((dict(params), language))
        if params["issue"] == 0:
            raise NoLongerMakesSense("The issue is gone.")
        if params["issue"] == 13:
            raise ZeroDivisionError
        paragraphs = [f"Issue {params['issue']} in {language}"]
        return Rendering(f"News {params['issue']}", "mail/test-letter", {"paragraphs": paragraphs})

    def fill(messages: Any) -> dict[int, dict[str, str]]:
        known = [message for message in messages if message.params["person"] != 404]
        return {one.pk: {"unsubscribe_url": f"https://gkec.example/u/{one.params['person']}?a=1&b=2"} for one in known}

    written.clear()
    kind = MailKind("test-letter", None, "Letter", "bulk", render_variant, ("issue",), fill)
    kinds.register(kind)
    yield "test-letter"
    kinds._registered.pop("test-letter")


@pytest.fixture
def templates(settings, tmp_path) -> None:
    folder = tmp_path / "mail"
    folder.mkdir()
    (folder / "test-letter.txt").write_text("Dear {{ to_name }},\n{{ paragraphs.0 }}\n{{ unsubscribe_url }}\n")
    (folder / "test-letter.mjml").write_text(
        "<mjml><mj-body><mj-section><mj-column><mj-text>Dear <bdi>{{ to_name }}</bdi>, {{ paragraphs.0 }}"
        ' <a href="{{ unsubscribe_url }}">Leave</a></mj-text></mj-column></mj-section></mj-body></mjml>'
    )
    settings.TEMPLATES = [
        {**one, "DIRS": [tmp_path, *one["DIRS"]], "OPTIONS": {**one["OPTIONS"]}} for one in settings.TEMPLATES
    ]
    rendering._engine.cache_clear()


def ask(person: int, *, issue: int = 7, language: str = "en", **fields: Any) -> Message:
    given = {"to": f"p{person}@city.example", "params": {"issue": issue, "person": person}, **fields}
    return enqueue(key=f"letter:{issue}:{person}", kind="test-letter", language=language, **given)


def parts(data: bytes) -> tuple[str, str]:
    message = read(data)
    plain, rich = message.get_body(("plain",)), message.get_body(("html",))
    assert plain is not None
    assert rich is not None
    return one_way(plain.get_content()).rstrip("\n"), one_way(rich.get_content()).rstrip("\n")


# A busy machine may take longer than the deadline for one example.
@played(deadline=None)
@given(
    before=st.text(st.characters(exclude_categories=["Cs"]), max_size=200),
    between=st.text(st.characters(exclude_categories=["Cs"]), max_size=200),
    name=st.text(max_size=120),
)
@example(before="x" * 75, between="y" * 76, name="z" * 76)
@example(before="مرحبا " * 30, between="a", name="é")
@example(before="مرحبا " * 30 + "ab", between="", name="")
@example(before="line\n", between="\n.\n..", name=".")
@example(before="trailing blank ", between=" \t\n", name="=3D")
def test_what_is_filled_in_comes_back_in_every_encoding(before: str, between: str, name: str) -> None:
    text = f"{before}{TOKENS['to_name']}{between}{TOKENS['own_url']}"
    content = mime.Content("S", text, f"<p>{text}</p>")
    safe = slots.made_safe({"to_name": name, "own_url": "https://gkec.example/o?a=1&b=2"})
    pattern = mime.pattern(content, seed="s")
    data = mime.build_from(pattern, envelope(), content, safe)
    assert mime.build_from(pattern, envelope(), content, safe, is_stuffed=True) == re.sub(rb"(?m)^\.", b"..", data)
    plain, rich = parts(data)
    assert plain == one_way(slots.fill(text, safe)).rstrip("\n")
    assert rich == one_way(slots.fill(f"<p>{text}</p>", safe, as_html=True)).rstrip("\n")


def test_a_filling_can_break_out_of_nothing() -> None:
    safe = slots.made_safe({"to_name": NASTY})
    assert safe["to_name"] == '"Zoë" <b>&amp;</b> Bcc: evil@x.example {{ 7 }} %s [[own_url]] .'
    html = slots.fill(f"<p>{TOKENS['to_name']}</p>", safe, as_html=True)
    assert html == ("<p>&quot;Zoë&quot; &lt;b&gt;&amp;amp;&lt;/b&gt; Bcc: evil@x.example {{ 7 }} %s [[own_url]] .</p>")
    subject = slots.fill(f"News for {TOKENS['to_name']}", safe)
    content = mime.Content(subject, TOKENS["to_name"], "")
    message = read(mime.build_from(mime.pattern(content, seed="s"), envelope(), content, safe))
    assert message["Bcc"] is None
    assert message["Subject"] == subject


@pytest.mark.parametrize(
    "fillings",
    [
        {"password": "x"},
        {"own_url": "javascript:alert(1)"},
        {"own_url": 'https://x.example/"onclick="'},
        {"unsubscribe_url": "https://x.example/\r\nBcc: a@x.example"},
        {"unsubscribe_url": "https://x.example/>"},
    ],
)
def test_what_is_not_on_the_list_or_no_address_is_refused(fillings: dict[str, str]) -> None:
    with pytest.raises(slots.BadSlot):
        slots.made_safe(fillings)


def test_a_template_that_changes_a_slot_is_refused() -> None:
    with pytest.raises(slots.BadSlot):
        list(slots.split(TOKENS["to_name"].upper()))
    with pytest.raises(slots.BadSlot):
        slots.tokens({"password"})


@pytest.mark.django_db
@pytest.mark.usefixtures("templates")
def test_many_messages_are_written_once_a_language_and_filled_for_each(mail_server: MailServer, letter: str) -> None:
    for person in range(1, 26):
        ask(person, to_name=f"Zoë {person} <i>")
    ask(26, language="fr", to_name="Léo")
    ask(27)
    assert deliver_all("bulk") == 27
    assert sorted(written, key=str) == [({"issue": 7}, "en"), ({"issue": 7}, "en"), ({"issue": 7}, "fr")]
    for person in (1, 25):
        (sent,) = mail_server.to(f"p{person}@city.example")
        address = f"https://gkec.example/u/{person}?a=1&b=2"
        plain, rich = sent.get_body(("plain",)), sent.get_body(("html",))
        assert plain is not None
        assert rich is not None
        assert one_way(plain.get_content()) == f"Dear Zoë {person} <i>,\nIssue 7 in en\n{address}\n"
        assert f"Dear <bdi>Zoë {person} &lt;i&gt;</bdi>, Issue 7 in en" in rich.get_content()
        assert f'href="https://gkec.example/u/{person}?a=1&amp;b=2"' in rich.get_content()
        assert sent["List-Unsubscribe"] == f"<{address}>"
        assert sent["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        message = Message.objects.get(to_address=f"p{person}@city.example")
        assert (message.state, message.subject, message.text, message.html) == ("accepted", "News 7", "", "")
        assert sent["Message-ID"] == message.message_id
    nameless = mail_server.to("p27@city.example")[0].get_body(("plain",))
    assert nameless is not None
    assert one_way(nameless.get_content()).startswith("Dear ,\n")
    assert Variant.objects.count() == 3


@pytest.mark.django_db
@pytest.mark.usefixtures("templates")
def test_the_words_are_kept_once_and_shown_without_the_addresses_that_are_somebodys_own(
    mail_server: MailServer, letter: str
) -> None:
    ask(1, to_name="<Zoë>")
    deliver_all("bulk")
    message = Message.objects.with_words().get()
    assert message.variant.text == "Dear [[to_name]],\nIssue 7 in en\n[[unsubscribe_url]]\n"
    assert rendering.kept(message).text == "Dear <Zoë>,\nIssue 7 in en\n…\n"
    assert "Dear <bdi>&lt;Zoë&gt;</bdi>" in rendering.kept(message).html


@pytest.mark.django_db
@pytest.mark.usefixtures("templates")
def test_what_makes_no_sense_or_is_faulty_keeps_no_neighbour_from_leaving(
    mail_server: MailServer, letter: str, caplog
) -> None:
    gone, left, fine, faulty = ask(1, issue=0), ask(404), ask(2), ask(3, issue=13)
    deliver_all("bulk")
    states = {one.pk: (one.state, one.reason, one.last_reply) for one in Message.objects.all()}
    assert states[gone.pk] == ("cancelled", "senseless", "The issue is gone.")
    assert states[left.pk] == ("cancelled", "senseless", "Nothing is known any more of whom it was meant for.")
    assert states[fine.pk] == ("accepted", "", "OK")
    assert states[faulty.pk] == ("deferred", "unrenderable", "ZeroDivisionError")
    told = [record.getMessage() for record in caplog.records if record.name.startswith("mail.services")]
    assert not re.search(r"p\d@city", "".join(told))


@pytest.mark.django_db
@pytest.mark.usefixtures("templates")
def test_somebody_erased_in_mid_flight_keeps_no_neighbour_from_leaving(mail_server: MailServer, letter: str) -> None:
    for person in range(1, 7):
        mail_server.refuse(f"p{person}@city.example", "450 4.2.0 Greylisted")
        ask(person)
    deliver_all("bulk")
    erasing.forget_addressees(Message.objects.filter(to_address="p1@city.example").values_list("pk", flat=True))
    mail_server.answers.clear()
    Message.objects.update(due_at=clock.now())
    deliver_all("bulk")
    assert mail_server.recipients() == {f"p{person}@city.example": 1 for person in range(2, 7)}
    assert list(Message.objects.exclude(state="accepted").values_list("state", "params")) == [("suppressed", {})]


@pytest.mark.django_db
@pytest.mark.usefixtures("templates")
@pytest.mark.parametrize("number", [1, 3])
def test_a_copy_of_ones_data_has_the_words_that_went_to_many(
    mail_server: MailServer, letter: str, number: int, django_assert_num_queries
) -> None:
    for issue in range(1, number + 1):
        ask(1, issue=issue, to_name="Zoë")
    deliver_all("bulk")
    with django_assert_num_queries(1):
        rows = list(personal.get("messages").rows(personal.Subject(addresses=("p1@city.example",))))
    texts = [value for row in rows for name, _label, value, _words in row if name == "text"]
    assert texts == [f"Dear Zoë,\nIssue {issue} in en\n…\n" for issue in range(1, number + 1)]


@pytest.mark.django_db
@pytest.mark.usefixtures("templates")
def test_many_are_asked_for_at_once_and_one_is_sent_again(mail_server: MailServer, letter: str) -> None:
    params = {"issue": 7, "person": 1}
    enqueue_many(kind=letter, asked=[Asked(key="l:1", to="p1@city.example", language="en", params=params)])
    deliver_all("bulk")
    copy = resend(message_pk=Message.objects.get().pk, by=PersonFactory(), reason="Lost")
    assert (copy.kind, copy.params, copy.stream) == (letter, params, "bulk")
    deliver_all("bulk")
    assert [one["Subject"] for one in mail_server.to("p1@city.example")] == ["News 7", "News 7"]


@pytest.mark.django_db
@pytest.mark.usefixtures("templates")
def test_what_a_variant_says_now_is_all_that_a_person_gets(letter: str) -> None:
    assert rendering.render(ask(1, to_name="Zoë")).text == (
        "Dear Zoë,\nIssue 7 in en\nhttps://gkec.example/u/1?a=1&b=2\n"
    )
    assert rendering.render(ask(2)).text.startswith("Dear ,\n")


@pytest.mark.django_db
@pytest.mark.usefixtures("templates")
@pytest.mark.parametrize(
    ("person", "issue", "why"),
    [
        (1, 0, "What it would say is no longer true."),
        (404, 7, "What it would say is no longer true."),
        (1, 13, "The message could not be written, because of a fault in the program"),
    ],
)
def test_a_letter_that_cannot_be_written_is_not_sent_again(letter: str, person: int, issue: int, why: str) -> None:
    message = ask(person, issue=issue)
    withdraw(keys=[message.key])
    with pytest.raises(CannotResend) as refused:
        resend(message_pk=message.pk, by=PersonFactory(), reason="Lost")
    assert str(refused.value) == why
    assert Message.objects.count() == 1


@pytest.mark.django_db
@pytest.mark.usefixtures("templates")
def test_a_group_costs_a_fixed_number_of_statements(
    mail_server: MailServer, letter: str, django_assert_num_queries
) -> None:
    ask(9, issue=100)
    # The funding statement is looked up once.
    deliver_all("bulk")
    for number in (1, 3):
        for person in range(number):
            ask(person, issue=100 + number)
        # Lease, suppression list, variant, start, close, give back, and one more lease.
        with django_assert_num_queries(7):
            deliver_all("bulk")


def forgets() -> tuple[int, int]:
    """Purge; return how many messages lost their words and how many shared words went."""
    words, shared = (due.number for due in purging.purge() if due.rule.setting == "RETENTION_MAIL_WORDS_DAYS")
    return words, shared


@pytest.mark.django_db
@pytest.mark.usefixtures("templates")
def test_shared_words_go_when_no_mail_needs_them_and_nobody_has_used_them_of_late(
    mail_server: MailServer, letter: str, time_machine
) -> None:
    begun = clock.now()
    ask(1)
    deliver_all("bulk")
    first = Variant.objects.get()
    time_machine.move_to(begun + timedelta(days=89))
    assert forgets() == (0, 0)
    kept.clear_all()
    ask(2)
    deliver_all("bulk")
    assert Variant.objects.get().pk == first.pk
    time_machine.move_to(begun + timedelta(days=91))
    assert forgets() == (1, 0)
    # Let go by its message at once, it has still been used of late.
    Message.objects.update(variant=None)
    assert forgets() == (0, 0)
    time_machine.move_to(begun + timedelta(days=180))
    assert (Variant.objects.count(), forgets(), Variant.objects.count()) == (1, (1, 1), 0)


@pytest.mark.django_db
@pytest.mark.usefixtures("templates")
def test_shared_words_stay_as_long_as_a_mail_needs_them(mail_server: MailServer, letter: str) -> None:
    ask(1)
    deliver_all("bulk")
    Variant.objects.update(last_used_at=clock.now() - timedelta(days=400))
    assert [due.number for due in purging.preview() if due.rule.moment == "last_used_at"] == [0]
    erasing.delete_variants(list(Variant.objects.values_list("pk", flat=True)))
    assert Variant.objects.count() == 1
    Message.objects.update(variant=None)
    assert [due.number for due in purging.preview() if due.rule.moment == "last_used_at"] == [1]
