"""The doors of the newsletter: subscribing, confirming, preferences, unsubscribing, and attacks on them."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.core import signing
from django.test import Client
from django.urls import reverse
from django.utils import translation
from django.utils.html import escape
from django.utils.translation import gettext as _

from accounts.models import ConsentRecord
from core import clock
from mail import rendering
from mail.models import Message
from newsletter import tokens
from newsletter.enums import SubscriberState
from newsletter.models import Subscriber
from tests.factories import newsletter as make
from tests.factories.events import term

pytestmark = pytest.mark.django_db

EMAIL = "ana@city.example"
FORM = "/en/news/subscribe/"
ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@pytest.fixture
def strict() -> Client:
    """A browser without any cookie, before a server that asks for tokens."""
    return Client(enforce_csrf_checks=True)


def short_form(**fields: str) -> dict[str, str]:
    """Return what the box on every page posts."""
    return {"email": EMAIL, "wording": "1", "website": "", **fields}


def door(subscriber: Subscriber, purpose: str) -> str:
    return reverse(f"newsletter_{purpose}", args=[tokens.sign(subscriber.uuid, purpose)])


def state() -> str:
    return Subscriber.objects.get().state


def mail_text(message: Message) -> str:
    return rendering.render(message).text


def text(answer) -> str:
    return answer.content.decode()


def test_the_box_asks_without_token_or_cookie_and_none_is_set(strict):
    answer = strict.post(FORM, short_form())
    assert (answer.status_code, answer["Location"], answer.cookies) == (303, "/en/news/subscribe/asked/", {})
    assert (state(), Subscriber.objects.get().language) == ("asked", "en")
    page = strict.get(answer["Location"])
    assert (page.status_code, page.cookies, "Look into your mailbox" in text(page)) == (200, {}, True)
    # No sooner: within BETWEEN_MAILS nothing more is sent.
    assert "or write the address again in an hour." in text(page)


def test_from_the_form_to_the_subscription_by_the_link_in_the_mail(client):
    term("emission-domain", "energy-systems")
    client.post("/fr/news/subscribe/", short_form(language="es", country="CO", interests="energy-systems"))
    message = Message.objects.get()
    assert (message.kind, message.language) == ("newsletter-confirm", "es")
    link = re.search(r"http://\S+?(/es/news/confirm/\S+)", mail_text(message)).group(1)
    assert text(client.get(link)).count('<html lang="es"') == 1
    assert state() == "asked"
    page = client.post(link, follow=True)
    found = Subscriber.objects.get()
    assert (found.state, found.language, found.country) == ("confirmed", "es", "CO")
    record = ConsentRecord.objects.get()
    # The sentence was read in French, whatever language the newsletter comes in.
    assert (record.language, record.channel) == ("fr", "/fr/news/subscribe/")
    own = re.search(r'href="(/es/news/preferences/[^"]+)"', text(page)).group(1)
    assert EMAIL in text(client.get(own))


def test_only_the_button_confirms(client):
    subscriber = make.subscriber(EMAIL, state=SubscriberState.ASKED)
    address = door(subscriber, "confirm")
    for method in (client.get, client.head):
        assert method(address).status_code == 200
    assert (state(), ConsentRecord.objects.count()) == ("asked", 0)
    assert make.SAID["text"] in text(client.get(address))
    answer = client.post(address, follow=True)
    assert (state(), "You are subscribed" in text(answer)) == ("confirmed", True)
    assert ConsentRecord.objects.get().channel == "/en/news/subscribe/"


def test_who_types_somebody_elses_address_meanwhile_does_not_choose_for_them(client):
    term("emission-domain", "energy-systems")
    client.post(FORM, short_form(country="CO"))
    subscriber = Subscriber.objects.get()
    address = door(subscriber, "confirm")
    page = text(client.get(address))
    shown = re.search(r'name="shown" value="([0-9a-f]{64})"', page).group(1)
    assert ("<bdi>English</bdi>" in page, "<bdi>Colombia</bdi>" in page) == (True, True)
    client.post("/fr/news/subscribe/", short_form(language="ar", country="EG", interests="energy-systems"))
    answer = client.post(address, {"shown": shown})
    page = text(answer)
    assert (answer.status_code, state(), ConsentRecord.objects.count()) == (409, "asked", 0)
    for words in ("Somebody has asked for this address again in the meantime.", "Egypt", "Energy systems", 'lang="fr"'):
        assert words in page
    shown = re.search(r'name="shown" value="([0-9a-f]{64})"', page).group(1)
    assert client.post(address, {"shown": shown}).status_code == 303
    assert (state(), Subscriber.objects.get().language, ConsentRecord.objects.get().language) == (
        "confirmed", "ar", "fr",
    )  # fmt: skip


def test_who_never_asked_is_asked_no_more_after_one_button_and_strangers_learn_nothing_of_it(client):
    client.post("/fr/news/subscribe/", short_form())
    mail = rendering.render(Message.objects.get())
    [link] = re.findall(r"http://\S+?(/fr/news/unwanted/\S+)", mail.text)
    assert mail.html.count(f'{link}"') == 1
    for method in (client.get, client.head):
        assert method(link).status_code == 200
    assert state() == "asked"
    answer = client.post(link)
    assert (answer.status_code, answer["Location"]) == (303, link)
    found = Subscriber.objects.get()
    assert (found.state, found.left_why, found.wording) == ("blocked", "unwanted", {})
    page = text(client.get(link))
    assert (EMAIL in page, 'method="post" class="actions"' in page, 'href="/fr/contact/"' in page) == (
        True,
        False,
        True,
    )
    answer = client.post(FORM, short_form())
    assert (answer.status_code, answer["Location"]) == (303, "/en/news/subscribe/asked/")
    assert (state(), Message.objects.count(), ConsentRecord.objects.count()) == ("blocked", 1, 0)


def test_whose_yes_came_before_their_no_more_is_shown_the_words_that_are_logged(client):
    subscriber = make.subscriber(EMAIL, language="fr")
    address = door(subscriber, "unwanted")
    sentence = "Do not send me the GKEC newsletter any more."
    assert sentence in text(client.get(address))
    assert client.post(address).status_code == 303
    logged = ConsentRecord.objects.values_list("given", "wording", "language", "channel")
    assert list(logged) == [(False, sentence, "en", "/news/unwanted/")]


def test_the_way_to_be_asked_no_more_survives_erasure_as_nothing(client):
    subscriber = make.subscriber(EMAIL, state=SubscriberState.ASKED)
    address = door(subscriber, "unwanted")
    Subscriber.objects.all().delete()
    with time_machine.travel(clock.now() + timedelta(days=4000)):
        for answer in (client.get(address), client.post(address)):
            assert (answer.status_code, "You are not subscribed" in text(answer), EMAIL in text(answer)) == (
                200, True, False,
            )  # fmt: skip


@pytest.mark.parametrize("known", ["", "asked", "confirmed", "left", "blocked"])
def test_the_answer_tells_nobody_whether_an_address_is_known(client, known):
    if known:
        make.subscriber(EMAIL, state=known)
    answer = client.post(FORM, short_form())
    page = client.get(answer["Location"])
    assert (answer.status_code, answer["Location"], answer.content) == (303, "/en/news/subscribe/asked/", b"")
    assert EMAIL not in text(page)


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"email": ""}, "Write your e-mail address."),
        ({"email": "ana"}, "Write an e-mail address, such as name@example.org."),
        ({"email": "ana@[::1]"}, "Write an e-mail address, such as name@example.org."),
        ({"email": "a@b.example\r\nBcc: c@d.example"}, "Write an e-mail address, such as name@example.org."),
        ({"language": "tlh"}, "Choose a language from the list."),
        ({"country": "ZZ"}, "Choose a country from the list."),
        ({"interests": "everything"}, "Choose topics from the list."),
        ({"wording": "0"}, "The sentence that you agree to has changed. Read it, then send the form again."),
        ({"wording": ""}, "The sentence that you agree to has changed. Read it, then send the form again."),
    ],
)
def test_what_cannot_be_is_said_in_a_sentence_and_nothing_is_kept(client, fields, sentence):
    answer = client.post(FORM, short_form(**fields))
    assert (answer.status_code, sentence in text(answer)) == (422, True)
    assert (Subscriber.objects.count(), Message.objects.count()) == (0, 0)


def test_a_changed_sentence_is_told_of_the_whole_form_and_points_to_no_hidden_field(client):
    answer = client.post("/fr/news/subscribe/", short_form(wording="0"))
    with translation.override("fr"):
        sentence = str(_("The sentence that you agree to has changed. Read it, then send the form again."))
    summary = re.search(r'<div class="errors".*?</div>', text(answer), re.DOTALL).group()
    assert re.findall(r"<li>(.*?)</li>", summary) == [escape(sentence)]


def test_a_program_that_fills_in_every_field_is_told_what_everybody_is_told(client):
    answer = client.post(FORM, short_form(website="https://spam.example"))
    assert (answer.status_code, answer["Location"], Subscriber.objects.count()) == (303, "/en/news/subscribe/asked/", 0)


def test_bombing_one_mailbox_sends_one_mail_and_ends_at_the_limit(client):
    answers = [client.post(FORM, short_form()) for _ in range(11)]
    told = [(answer.status_code, answer.get("Retry-After")) for answer in answers]
    assert (told, Message.objects.count()) == ([(303, None)] * 10 + [(429, "604800")], 1)


def test_bombing_one_mailbox_by_its_tags_ends_at_the_limit_too(client):
    codes = [client.post(FORM, short_form(email=f"ana+{one}@city.example")).status_code for one in range(11)]
    assert codes == [303] * 10 + [429]


def test_bombing_one_mailbox_by_a_new_tag_each_hour_ends_at_the_limit_of_the_week(client, time):
    def bomb(number: int):
        return client.post(FORM, short_form(email=f"ana+{number}@city.example"))

    for number in range(10):
        make.subscriber(f"ana+{number}@city.example")
        assert bomb(number).status_code == 303
        time.shift(timedelta(hours=2))
    refused = bomb(10)
    assert (refused.status_code, refused["Retry-After"], Message.objects.count()) == (429, "604800", 10)
    assert bomb(0).status_code == 429
    time.shift(timedelta(days=7))
    assert (bomb(10).status_code, Message.objects.count()) == (303, 11)


def test_bombing_many_mailboxes_ends_at_the_limit_of_the_network(client, monkeypatch):
    from core.limits import Limit
    from newsletter.views import subscribing

    monkeypatch.setattr(subscribing, "PER_NETWORK", Limit("subscribe-network", 3, 3600))
    codes = [client.post(FORM, short_form(email=f"p{number}@x.example")).status_code for number in range(5)]
    assert (codes, Message.objects.count()) == ([303, 303, 303, 429, 429], 3)


def test_one_click_ends_it_by_post_without_cookie_and_token(strict):
    subscriber = make.subscriber(EMAIL)
    answer = strict.post(door(subscriber, "unsubscribe"), ONE_CLICK)
    assert (answer.status_code, answer.content, answer.cookies) == (200, b"OK\n", {})
    found = Subscriber.objects.get()
    assert (found.state, found.left_why) == ("left", "one-click")
    assert strict.post(door(subscriber, "unsubscribe"), ONE_CLICK).status_code == 200
    assert ConsentRecord.objects.filter(given=False).count() == 1


def test_one_click_comes_as_multipart_too(strict):
    subscriber = make.subscriber(EMAIL)
    body = b'--x\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--x--\r\n'
    answer = strict.generic("POST", door(subscriber, "unsubscribe"), body, "multipart/form-data; boundary=x")
    assert (answer.status_code, state()) == (200, "left")


def test_a_scanner_that_follows_the_link_ends_nothing(strict):
    subscriber = make.subscriber(EMAIL, language="fr")
    for method in (strict.get, strict.head):
        answer = method(door(subscriber, "unsubscribe"))
        assert (answer.status_code, answer["Content-Language"], answer.cookies) == (200, "fr", {})
    assert state() == "confirmed"


def test_the_visible_link_has_a_button_that_works_without_cookies(strict):
    subscriber = make.subscriber(EMAIL)
    answer = strict.post(door(subscriber, "unsubscribe"))
    assert (answer.status_code, answer["Location"]) == (303, door(subscriber, "unsubscribe"))
    assert "You are not subscribed" in text(strict.get(answer["Location"]))
    assert (state(), Subscriber.objects.get().left_why) == ("left", "link")
    assert ConsentRecord.objects.get().channel == "/news/unsubscribe/"


def test_the_way_out_survives_erasure_as_nothing(strict):
    subscriber = make.subscriber(EMAIL)
    address = door(subscriber, "unsubscribe")
    Subscriber.objects.all().delete()
    assert strict.post(address, ONE_CLICK).status_code == 200
    page = strict.get(address)
    assert (page.status_code, "You are not subscribed" in text(page), EMAIL in text(page)) == (200, True, False)


def test_the_way_out_never_closes(strict):
    subscriber = make.subscriber(EMAIL)
    address = door(subscriber, "unsubscribe")
    with time_machine.travel(clock.now() + timedelta(days=4000)):
        assert strict.post(address, ONE_CLICK).status_code == 200
    assert state() == "left"


def test_a_link_that_confirms_ends_after_seven_days(client):
    subscriber = make.subscriber(EMAIL, state=SubscriberState.ASKED)
    address = door(subscriber, "confirm")
    with time_machine.travel(clock.now() + timedelta(days=7, minutes=1)):
        answer = client.post(address)
    assert (answer.status_code, state()) == (404, "asked")
    assert "subscribe again" in text(answer)


def test_an_old_link_does_not_bring_back_who_left(client):
    subscriber = make.subscriber(EMAIL, state=SubscriberState.LEFT)
    assert client.post(door(subscriber, "confirm")).status_code == 410
    assert client.post(door(subscriber, "preferences"), {"language": "fr"}).status_code == 410
    assert (state(), Subscriber.objects.get().language) == ("left", "en")


PURPOSES = ["confirm", "preferences", "unsubscribe", "unwanted"]


@pytest.mark.parametrize("purpose", PURPOSES)
def test_a_token_opens_no_door_but_its_own(client, purpose):
    subscriber = make.subscriber(EMAIL, state=SubscriberState.ASKED)
    for other in {*PURPOSES} - {purpose}:
        address = reverse(f"newsletter_{purpose}", args=[tokens.sign(subscriber.uuid, other)])
        assert client.post(address, ONE_CLICK).status_code == 404
    forged = signing.Signer(key="another", salt=f"newsletter.{purpose}", sep="~").sign("AAAA")
    for token in (forged, "x", f"{tokens.sign(subscriber.uuid, purpose)}x", "~~"):
        assert client.post(reverse(f"newsletter_{purpose}", args=[token]), ONE_CLICK).status_code == 404
    assert state() == "asked"


@pytest.mark.parametrize("purpose", PURPOSES)
def test_the_pages_are_kept_by_nobody_and_told_to_nobody(client, purpose):
    subscriber = make.subscriber(EMAIL, state=SubscriberState.ASKED if purpose == "confirm" else "confirmed")
    answer = client.get(door(subscriber, purpose))
    names = ("Cache-Control", "Referrer-Policy", "X-Robots-Tag")
    assert [answer[name] for name in names] == ["private, no-store", "same-origin", "noindex"]
    assert 'rel="canonical"' not in text(answer)


def test_somebody_elses_page_cannot_change_preferences_nor_block(strict):
    subscriber = make.subscriber(EMAIL)
    assert strict.post(door(subscriber, "preferences"), {"language": "fr"}).status_code == 403
    assert strict.post(door(subscriber, "unwanted")).status_code == 403
    assert (Subscriber.objects.get().language, state()) == ("en", "confirmed")


def test_preferences_are_changed_and_the_page_goes_on_in_the_new_language(client):
    term("emission-domain", "energy-systems")
    subscriber = make.subscriber(EMAIL, interests=["mobility-transport"])
    address = door(subscriber, "preferences")
    checked = re.findall(r'<input[^>]*value="([^"]+)"[^>]* checked', text(client.get(address)))
    assert checked == ["mobility-transport"]
    data = {"language": "fr", "country": "FR", "interests": ["energy-systems"]}
    answer = client.post(address, data)
    assert (answer.status_code, answer["Location"]) == (303, f"{address.replace('/en/', '/fr/')}?saved")
    found = Subscriber.objects.get()
    assert (found.language, found.country, [one.slug for one in found.interests.all()]) == (
        "fr",
        "FR",
        ["energy-systems"],
    )


def test_who_chose_a_topic_that_was_retired_since_keeps_it_and_nobody_else_can_choose_it(client):
    subscriber, other = make.subscriber(EMAIL, interests=["mobility-transport"]), make.subscriber("other@city.example")
    topic = term("emission-domain", "mobility-transport")
    topic.is_active = False
    topic.save()
    address = door(subscriber, "preferences")
    checked = re.findall(r'<input[^>]*value="([^"]+)"[^>]* checked', text(client.get(address)))
    assert checked == ["mobility-transport"]
    data = {"language": "en", "country": "", "interests": checked}
    assert client.post(address, data).status_code == 303
    assert [one.slug for one in subscriber.interests.all()] == ["mobility-transport"]
    assert "mobility-transport" not in text(client.get(door(other, "preferences")))
    refused = client.post(door(other, "preferences"), data)
    assert ("Choose topics from the list." in text(refused), other.interests.count()) == (True, 0)


def test_guessing_links_ends_at_the_limit(client, monkeypatch):
    from core.limits import Limit
    from core.views import signed

    monkeypatch.setattr(signed, "GUESSES", Limit("signed-guesses", 2, 3600))
    codes = [client.get(f"/news/unsubscribe/guess{number}/").status_code for number in range(4)]
    assert codes == [404, 404, 429, 429]


def test_secrets_of_links_stay_out_of_logs():
    from core.redaction import redact

    token = tokens.sign(make.subscriber().uuid, "unsubscribe")
    paths = [f"/news/unsubscribe/{token}/", f"/en/news/confirm/{token}/", f"/en/news/unwanted/{token}/"]
    assert [redact(f"GET {path}") for path in paths] == [
        "GET /news/unsubscribe/[secret]/",
        "GET /en/news/confirm/[secret]/",
        "GET /en/news/unwanted/[secret]/",
    ]


def test_a_link_that_does_not_work_says_whom_to_write_to_or_what_to_do_instead(client):
    def ways(address: str) -> list[str]:
        main = text(client.get(address)).split("<main", 1)[1].split("</main", 1)[0]
        return re.findall(r'href="([^"]+)"', main)

    assert ways("/news/unsubscribe/x~y/") == ways("/en/news/preferences/x~y/") == ["/en/contact/"]
    assert ways("/en/news/confirm/x~y/") == ["/en/news/subscribe/"]
