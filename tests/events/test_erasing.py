"""A guest asks to be forgotten, confirms it from their own mailbox, and attacks on that way."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import translation

from accounts.models import DataRequest, User
from core import clock
from events import tokens
from events.erase_mail import question
from events.models import Registration
from events.services import renew_links
from mail.addresses import ERASED
from mail.models import Message
from tests.factories import events as make
from tests.factories.accounts import PersonFactory
from tests.factories.mail import deliver_all

pytestmark = pytest.mark.django_db


@pytest.fixture
def guest() -> Registration:
    """Ana's registration as a guest, with another one at another event."""
    make.registered(make.bare_event("Bus lanes"), email="ANA.silva@example.org")
    return make.registered(make.bare_event("Heat pumps"), language="fr")


HAS_ACCOUNT = "There is an account with this address. Sign in to download your data or to delete the account."
BELONGS = "This registration belongs to an account. Sign in to download your data or to delete the account."


def plain(words: str) -> str:
    """Return the words with one space between each two, whatever wrapped them or kept them together."""
    return " ".join(words.split())


def french(words: str) -> str:
    with translation.override("fr"):
        return translation.gettext(words)


def ask_address(registration: Registration) -> str:
    return reverse("event_registration_erase", args=[registration.token])


def link(registration: Registration) -> str:
    """Return the address in the mail, as its kind writes it."""
    message = Message.objects.filter(kind="erasure-question").latest("pk")
    return re.sub(r"^https?://[^/]+", "", question(message).context["button"]["url"])


def packed(registration: Registration) -> str:
    """Return how every token of a registration begins."""
    return registration.token.partition(".")[0]


def names() -> list[str]:
    return sorted(Registration.objects.values_list("name", flat=True))


def test_a_guest_is_forgotten_at_all_events_after_two_buttons(client, guest):
    other = make.registered(make.bare_event(), "Bo")
    page = client.get(ask_address(guest)).content.decode()
    assert french("To be sure that it is you, we first send a link to that address.") in page
    answer = client.post(ask_address(guest))
    assert (answer.status_code, answer["Location"]) == (303, ask_address(guest) + "?asked")
    mail = Message.objects.get(kind="erasure-question")
    assert (mail.to_address, mail.language, names()) == (
        "ana.silva@example.org",
        "fr",
        ["Ana Silva", "Ana Silva", "Bo"],
    )
    address = link(guest)
    assert "ana.silva@example.org" in client.get(address).content.decode()
    assert names() == ["Ana Silva", "Ana Silva", "Bo"]
    done = client.post(address)
    assert (done.status_code, done["Cache-Control"], done["Referrer-Policy"]) == (
        200,
        "private, no-store",
        "same-origin",
    )
    assert french("Your data are erased") in done.content.decode()
    assert (names(), set(Registration.objects.filter(name="–").values_list("state", flat=True))) == (
        ["Bo", "–", "–"],
        {"cancelled"},
    )
    other.refresh_from_db()
    assert other.state == "confirmed"
    assert sorted(set(Message.objects.values_list("to_address", flat=True))) == ["bo@example.org", ERASED]
    [noted] = DataRequest.objects.all()
    assert (noted.what, noted.channel, noted.by, noted.counts) == (
        "erasure",
        "link",
        None,
        {"registrations": 2, "messages": 5},
    )


def test_the_mail_arrives_with_its_link(client, guest, mail_server, settings):
    client.post(ask_address(guest))
    deliver_all()
    words = french("Erase your data?").split()
    [mail] = [one for one in mail_server.to("ana.silva@example.org") if one["Subject"].split() == words]
    text = mail.get_body(("plain",)).get_content()
    assert f"{settings.BASE_URL}/erase/{packed(guest)}.0~" in text
    assert plain(french("If it was not you, you can ignore this mail: nothing is erased without you.")) in plain(text)


def test_old_links_lead_nowhere_afterwards(client, guest):
    own = reverse("event_registration", args=[guest.token])
    client.post(ask_address(guest))
    address = link(guest)
    client.post(address)
    for method in (client.get, client.post):
        answer = method(address)
        assert (answer.status_code, "If you have used it, your data are erased" in answer.content.decode()) == (
            410,
            True,
        )
        assert method(own).status_code == 404
    assert DataRequest.objects.count() == 1


def test_a_mail_scanner_that_follows_the_link_erases_nothing(client, guest):
    client.post(ask_address(guest))
    for method in (client.get, client.head):
        assert method(link(guest)).status_code == 200
    assert "Ana Silva" in names()


def test_the_link_to_ones_own_page_does_not_erase(client, guest):
    client.post(ask_address(guest))
    assert names() == ["Ana Silva", "Ana Silva"]
    assert client.post(reverse("event_erase", args=[guest.token])).status_code == 404
    assert names() == ["Ana Silva", "Ana Silva"]


@pytest.mark.parametrize("forged", ["abc", "", "{packed}", "{packed}.0", "{packed}.0~1abcde~signature"])
def test_a_forged_link_erases_nothing(client, guest, forged):
    where = "/erase/" + forged.format(packed=packed(guest)) + "/"
    assert client.post(where).status_code == 404
    assert names() == ["Ana Silva", "Ana Silva"]


def test_another_persons_link_erases_only_their_own(client, guest):
    bo = make.registered(make.bare_event(), "Bo")
    client.post(ask_address(bo))
    client.post(link(bo))
    assert names() == ["Ana Silva", "Ana Silva", "–"]


def test_the_link_ends_after_a_day(client, guest):
    address = reverse("event_erase", args=[tokens.make_erasure(guest.uuid, 0)])
    with time_machine.travel(clock.now() + timedelta(hours=23), tick=False):
        assert client.get(address).status_code == 200
    with time_machine.travel(clock.now() + timedelta(hours=25), tick=False):
        answer = client.post(address)
    assert (
        answer.status_code,
        "If you have not, ask again on your registration’s own page" in answer.content.decode(),
    ) == (410, True)
    assert "Ana Silva" in names()


def test_a_link_in_a_mail_that_came_into_other_hands_erases_nothing_once_there_are_new_ones(client, guest):
    client.post(ask_address(guest))
    old = link(guest)
    assert client.get(old).status_code == 200
    renew_links(registration_id=guest.pk, version=0)
    assert (client.get(old).status_code, client.post(old).status_code) == (410, 410)
    for version in (0, 2):
        assert client.post(reverse("event_erase", args=[tokens.make_erasure(guest.uuid, version)])).status_code == 410
    assert names() == ["Ana Silva", "Ana Silva"]
    # Whoever got the new links can ask at once, within the hour of the first mail too.
    guest.refresh_from_db()
    client.post(ask_address(guest))
    assert Message.objects.filter(kind="erasure-question").count() == 2
    assert client.post(link(guest)).status_code == 200
    assert names() == ["–", "–"]


def test_asking_often_mails_once_an_hour(client, guest):
    for _number in range(5):
        client.post(ask_address(guest))
    assert Message.objects.filter(kind="erasure-question").count() == 1


def test_asking_needs_the_forms_own_token(guest):
    assert Client(enforce_csrf_checks=True).post(ask_address(guest)).status_code == 403


def test_the_form_tells_nobody_whether_there_is_an_account(client, guest):
    def answers() -> list[str]:
        posted = client.post(ask_address(guest))
        seen = [client.get(ask_address(guest)), posted, client.get(posted["Location"])]
        return [re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", one.content.decode()) for one in seen]

    without = answers()
    PersonFactory(email="ana.silva@example.org")
    assert answers() == without


def test_the_mailed_link_does_not_end_an_account(client, guest):
    client.post(ask_address(guest))
    address = link(guest)
    person = PersonFactory(email="ana.silva@example.org")
    for method in (client.get, client.post):
        answer = method(address)
        assert answer.status_code == 409
        assert french(HAS_ACCOUNT) in answer.content.decode()
    assert (User.objects.filter(pk=person.pk).exists(), names()) == (True, ["Ana Silva", "Ana Silva"])
    assert link(guest) == "/fr/account/data/"


def test_nothing_is_said_to_be_erased_of_an_account_that_has_another_address_since(client):
    person = PersonFactory(email="new@example.org")
    mine = make.registered(make.bare_event(), person=person)
    client.post(ask_address(mine))
    mail = question(Message.objects.get(kind="erasure-question"))
    assert (BELONGS in mail.context["paragraphs"], HAS_ACCOUNT in mail.context["paragraphs"]) == (True, False)
    assert link(mine) == "/en/account/data/"
    for method in (client.get, client.post):
        answer = method(reverse("event_erase", args=[tokens.make_erasure(mine.uuid, 0)]))
        page = answer.content.decode()
        assert (answer.status_code, BELONGS in page, HAS_ACCOUNT in page, "Your data are erased" in page) == (
            409,
            True,
            False,
            False,
        )
    assert (names(), DataRequest.objects.count()) == (["Ana Silva"], 0)


def test_a_signup_by_somebody_else_does_not_keep_a_guest_from_being_forgotten(client, guest):
    squatter = PersonFactory(email="ana.silva@example.org", verified=False)
    client.post(ask_address(guest))
    assert client.post(link(guest)).status_code == 200
    assert not User.objects.filter(pk=squatter.pk).exists()
    assert names() == ["–", "–"]


def test_a_guest_who_was_forgotten_can_register_again(client, guest):
    client.post(ask_address(guest))
    client.post(link(guest))
    again = make.registered(guest.event)
    assert (again.state, again.name, again.pk == guest.pk) == ("confirmed", "Ana Silva", False)
