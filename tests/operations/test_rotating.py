"""A new SECRET_KEY, step by step as docs/operations.md says: everything goes on, until the old one is taken out."""

from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import decrypt
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.core.management import call_command
from django.test import Client

from events import tokens as of_events
from newsletter import tokens as of_newsletter
from tests.factories import events, learning, newsletter
from tests.factories.accounts import editor, give_factor, sign_in

pytestmark = pytest.mark.django_db
NEW = "n" * 64


def links() -> dict[str, str]:
    """Return where each kind of link that mails hold leads, signed now."""
    registration = events.registered(events.event())
    enrolment = learning.invited(learning.running_cohort())
    reader = newsletter.subscriber()
    return {
        "registration": f"/registration/{registration.token}/",
        "erasure": f"/erase/{of_events.make_erasure(registration.uuid, registration.token_version)}/",
        "invitation": f"/learn/{enrolment.token}/",
        "preferences": f"/en/news/preferences/{of_newsletter.sign(reader.uuid, 'preferences')}/",
        "unsubscribing": f"/news/unsubscribe/{of_newsletter.sign(reader.uuid, 'unsubscribe')}/",
    }


def test_a_new_key_ends_nothing_and_the_old_one_takes_its_links_along(settings: Any) -> None:
    person = editor()
    secret = decrypt(give_factor(person).data["secret"])
    browser = sign_in(Client(), person)

    def opened() -> set[str]:
        found = {name for name, path in asked.items() if Client().get(path).status_code == 200}
        return found | ({"session"} if browser.get("/en/my/").status_code == 200 else set())

    asked = links()
    everything = {*asked, "session"}
    assert opened() == everything
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], NEW
    assert opened() == everything
    call_command("reencrypt_factors")
    settings.SECRET_KEY_FALLBACKS = []
    # Whoever came by meanwhile has been given a session under the new key; so might somebody who knew the old one.
    assert opened() == {"session"}
    Session.objects.all().delete()
    cache.clear()
    assert opened() == set()
    assert decrypt(Authenticator.objects.get(type="totp").data["secret"]) == secret
