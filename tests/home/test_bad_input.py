"""What people type wrongly into the public forms of teams, courses and the newsletter: one table for all of them.

Each gets one sentence that says what to do, keeps what was typed and writes nothing.
"""

from collections.abc import Callable, Generator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from html import escape
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from accounts.models import ConsentRecord, User
from learning.models import Cohort, Enrolment
from learning.services import withdraw_enrolment
from mail.models import Message
from municipalities.models import LocalGovernment, Membership
from newsletter import tokens
from newsletter.models import Subscriber
from tests.factories import learning, municipalities, newsletter
from tests.factories.accounts import PersonFactory, sign_in
from tests.factories.events import term
from tests.learning import teamwork

pytestmark = pytest.mark.django_db

UNSEEN = ["", " \t\r\n", "\x00\x1f\u202e\u2066\u2069", "\u200b\u200e\u200f\ufeff"]
NAME = "Write a name of at most 120 characters."
ADDRESS = "Write an e-mail address, such as name@example.org."
LONG_ADDRESS = "Write an e-mail address of at most 254 characters."
LANGUAGE = "Choose a language from the list."
ROLE = "Choose one of the two."
KEPT_BY = (Cohort, ConsentRecord, Enrolment, LocalGovernment, Membership, Message, Subscriber)


@dataclass(frozen=True)
class Scene:
    """Somebody without a city, somebody who asks for one, a team with a learner, and a reader of the newsletter."""

    person: User
    asked: Membership
    one: teamwork.Team
    learner: Enrolment
    reader: Subscriber


@pytest.fixture(scope="module")
def scene(made_once: Callable[[], AbstractContextManager[None]]) -> Generator[Scene]:
    with made_once():
        term("emission-domain", "energy-systems")
        municipalities.local_government(slug="oslo")
        one = teamwork.a_team()
        learner = learning.learner(one.cohort, "Ana Silva", coordinator=one.membership)
        asked = municipalities.membership(state="asked", department="Trafik")
        yield Scene(PersonFactory(), asked, one, learner, newsletter.subscriber(language="fr", country="FR"))


@dataclass(frozen=True)
class Form:
    """A form: its address, who opens it, and what they may send."""

    address: Callable[[Scene], str]
    opener: Callable[[Scene], User | None]
    good: dict[str, Any]


def door(scene: Scene) -> str:
    return reverse("newsletter_preferences", args=[tokens.sign(scene.reader.uuid, "preferences")])


FORMS = {
    "propose": Form(
        lambda scene: "/en/cities/represent/new/",
        lambda scene: scene.person,
        {"name": "Nyköping", "country": "SE", "department": "Klimat"},
    ),
    "represent": Form(
        lambda scene: "/en/cities/represent/oslo/",
        lambda scene: scene.person,
        {"role": "coordinator", "department": "Klimat"},
    ),
    "change": Form(
        lambda scene: f"/en/my/cities/{scene.asked.pk}/change/",
        lambda scene: scene.asked.person,
        {"role": "coordinator", "department": "Klimat"},
    ),
    "about me": Form(
        lambda scene: f"{scene.one.course()}about-me/",
        lambda scene: scene.learner.person,
        {"name": "Ana María", "department": "Plan & <Klima>", "language": "es"},
    ),
    "successor": Form(
        lambda scene: f"{scene.one.dashboard()}{scene.learner.uuid}/replace/",
        lambda scene: scene.one.coordinator,
        {"name": "Bo Berg", "email": "bo@city.example"},
    ),
    "preferences": Form(door, lambda scene: None, {"language": "es", "country": "CO", "interests": ["energy-systems"]}),
    "subscribe": Form(
        lambda scene: "/en/news/subscribe/",
        lambda scene: None,
        {"email": "cy@city.example", "language": "es", "country": "CO", "wording": "1"},
    ),
}

BAD: list[tuple[str, str, Any, str]] = [
    *(("propose", "name", name, "Write the name of the city.") for name in (None, *UNSEEN)),
    ("propose", "name", SimpleUploadedFile("name.txt", b"Oslo"), "Write the name of the city."),
    ("propose", "name", "x" * 161, "Write a name of at most 160 characters."),
    *(("propose", "country", country, "Choose a country.") for country in (None, "")),
    *(("propose", "country", bad, "Choose a country from the list.") for bad in ("ZZ", "\x00", "SE\u202e", "1 OR 1=1")),
    ("propose", "department", "x" * 121, NAME),
    *(("represent", "role", role, ROLE) for role in (None, "", "mayor", "\x00", "member\u202e")),
    ("represent", "department", "x" * 121, NAME),
    *(("change", "role", role, ROLE) for role in (None, "", "mayor", "\x00", "member\u202e")),
    ("change", "department", "x" * 121, NAME),
    *(("about me", "name", name, "Write your name.") for name in (None, *UNSEEN)),
    ("about me", "name", "x" * 121, NAME),
    ("about me", "department", "x" * 121, NAME),
    *(("about me", "language", language, LANGUAGE) for language in (None, "", "tlh", "\x00", "en\u202e", "../en")),
    *(("successor", "email", address, ADDRESS) for address in (None, *UNSEEN, "bo", "a@b.example\r\nBcc: c@d.example")),
    ("successor", "email", "a" * 250 + "@b.example", LONG_ADDRESS),
    ("successor", "name", "x" * 121, NAME),
    *(("preferences", "language", language, LANGUAGE) for language in (None, "", "tlh", "\x00", "en\u202e")),
    *(("preferences", "country", bad, "Choose a country from the list.") for bad in ("ZZ", "\x00", "CO\u202e")),
    *(("preferences", "interests", [bad], "Choose topics from the list.") for bad in ("all", "\x00", "energy\u202e")),
    *(("subscribe", "email", address, "Write your e-mail address.") for address in (None, *UNSEEN)),
    ("subscribe", "email", "a" * 250 + "@b.example", LONG_ADDRESS),
    *(("subscribe", "language", language, LANGUAGE) for language in ("", "\x00", "en\u202e")),
]


def stored() -> list[Any]:
    """Return everything that these forms could write."""
    chosen = Subscriber.interests.through.objects.order_by("pk").values_list("subscriber_id", "term_id")
    people = User.objects.order_by("pk").values_list("pk", "display_name", "email", "language")
    return [*(list(model.objects.order_by("pk").values()) for model in KEPT_BY), list(chosen), list(people)]


def browser(person: User | None, **kwargs: Any) -> Client:
    return sign_in(Client(**kwargs), person, factor=False) if person else Client(**kwargs)


def send(scene: Scene, name: str, /, **changes: Any) -> Any:
    """Send a form as it may be sent but for some fields; None leaves one out."""
    form = FORMS[name]
    said = {key: value for key, value in {**form.good, **changes}.items() if value is not None}
    return browser(form.opener(scene)).post(form.address(scene), said)


@pytest.mark.parametrize(("name", "field", "bad", "sentence"), BAD, ids=lambda value: repr(value)[:30])
def test_bad_input_gets_one_sentence_loses_nothing_and_writes_nothing(scene, name, field, bad, sentence):
    before = stored()
    answer = send(scene, name, **{field: bad})
    form, html = answer.context["form"], answer.content.decode()
    assert answer.status_code == 422
    assert {key: list(texts) for key, texts in form.errors.items()} == {field: [sentence]}
    shown = form[field]
    assert f'<div class="field__error" id="{shown.auto_id}_error">{sentence}</div>' in html
    assert f'<a href="#{shown.id_for_label or shown.auto_id}">' in html
    sent = {**FORMS[name].good, field: bad if isinstance(bad, str | list) else None}
    kept = {key: form[key].value() for key in sent if sent[key] is not None}
    assert kept == {key: value for key, value in sent.items() if value is not None}
    for value in (value for key, value in kept.items() if key != field and isinstance(value, str)):
        assert f'value="{escape(value)}"' in html
    assert stored() == before


@pytest.mark.parametrize(
    ("name", "typed", "kept"),
    [
        ("propose", {"name": "\u2066Ny\u202ek\x00öping\t\u2069", "department": "Kli\x07mat\r\nBcc: x"}, "Nyköping"),
        ("represent", {"department": "Kli\u202emat\r\n\x00Bcc: x"}, "Klimat Bcc: x"),
        ("change", {"department": "Kli\u202emat\r\n\x00Bcc: x"}, "Klimat Bcc: x"),
        ("about me", {"name": "A\x00na\u202e\r\nBcc: x", "department": "\u2067\x1b"}, "Ana Bcc: x"),
        ("successor", {"name": "B\u202eo\x00\tBerg", "email": "\u2066bo@city.example\u2069\u202e"}, "Bo Berg"),
        ("subscribe", {"email": "\u2066cy@city.example\u2069\x00"}, "cy@city.example"),
    ],
)
def test_what_cannot_be_seen_is_left_out_of_what_is_kept(scene, name, typed, kept):
    assert send(scene, name, **typed).status_code == 303
    rows = [value for table in stored() for row in table for value in (row.values() if isinstance(row, dict) else row)]
    assert kept in rows
    assert not [
        value
        for value in rows
        if isinstance(value, str) and set(value) & set("\x00\x07\x1b\r\n\u202e\u2066\u2067\u2069")
    ]


@pytest.mark.parametrize("name", FORMS)
def test_a_form_sent_twice_is_kept_once(scene, name):
    before = stored()
    first = send(scene, name)
    once = stored()
    second = send(scene, name)
    assert (first.status_code, second.status_code, second["Location"]) == (303, 303, first["Location"])
    assert (once == before, stored() == once) == (False, True)


@pytest.mark.parametrize("token", ["", "x" * 64])
@pytest.mark.parametrize("name", [name for name in FORMS if name != "subscribe"])
def test_a_form_with_a_missing_or_forged_token_is_asked_for_once_more(scene, name, token):
    before, form = stored(), FORMS[name]
    careful = browser(form.opener(scene), enforce_csrf_checks=True)
    answer = careful.post(form.address(scene), {**form.good, "csrfmiddlewaretoken": token})
    html = answer.content.decode()
    assert (answer.status_code, "Please send the form once more" in html) == (403, True)
    by_hand = [escape(form.good[field]) for field in ("name", "email", "department") if field in form.good]
    assert [value for value in by_hand if f"<bdi>{value}</bdi>" not in html] == []
    assert ("What you wrote" in html) is (name != "preferences")
    assert stored() == before


def test_a_forged_link_to_preferences_says_that_it_does_not_work(scene):
    before = stored()
    answer = Client().post(f"{door(scene)[:-2]}/", FORMS["preferences"].good)
    html = answer.content.decode()
    assert (answer.status_code, "This link does not work" in html, 'href="/en/contact/"' in html) == (404, True, True)
    assert stored() == before


def test_preferences_of_a_subscription_that_has_ended_say_so(scene):
    Subscriber.objects.all().delete()
    before = stored()
    answer = send(scene, "preferences")
    sentence = "This subscription has ended. You can subscribe again."
    assert (answer.status_code, sentence in answer.content.decode(), stored() == before) == (410, True, True)


def test_who_is_taken_out_while_they_say_who_they_are_reads_so_and_loses_nothing(scene, monkeypatch):
    from learning.views import my_learning

    known = my_learning.access.own_enrolment

    def and_then_withdrawn(request, slug):
        found = known(request, slug)
        withdraw_enrolment(enrolment_id=found.pk, by=scene.one.coordinator)
        return found

    monkeypatch.setattr(my_learning.access, "own_enrolment", and_then_withdrawn)
    answer = send(scene, "about me")
    html = answer.content.decode()
    assert (answer.status_code, 'value="Ana María"' in html) == (409, True)
    assert "This enrolment has ended or is completed, so it stays as it is." in html
    assert Enrolment.objects.values_list("name", "department").get(pk=scene.learner.pk) == ("Ana Silva", "")


def test_a_seat_that_was_handed_on_is_not_handed_to_a_third(scene):
    assert send(scene, "successor").status_code == 303
    before = stored()
    answer = send(scene, "successor", email="cy@city.example", name="Cy Cruz")
    html = answer.content.decode()
    assert (answer.status_code, 'value="cy@city.example"' in html, 'value="Cy Cruz"' in html) == (409, True, True)
    assert "This enrolment has ended or is completed, so it stays as it is." in html
    assert stored() == before
