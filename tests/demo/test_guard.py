"""Demo content stays out of what is no demo: nobody signs in to a real site with a password that everybody knows."""

import pytest
from django.core.management import CommandError, call_command
from django.core.management.commands import runserver
from wagtail.models import Site

from accounts.models import User
from core.models import Term
from demo.guard import NotADemo, refuse_unless_demo
from tests.factories import core

pytestmark = pytest.mark.django_db


def refused() -> str:
    with pytest.raises(CommandError) as refusal:
        call_command("demo_load", verbosity=0)
    assert not User.objects.exists()
    return str(refusal.value)


@pytest.mark.parametrize("base_url", ["http://127.0.0.1:8000", "https://gkec.example"])
def test_loading_the_demo_with_the_settings_of_production(settings, base_url):
    before = Term.objects.count()
    settings.BASE_URL = base_url
    for remove in (False, True):
        if remove:
            del settings.DEMO
        else:
            settings.DEMO = False
        sentence = "The demo is loaded with the settings of the demo or of tests alone: use gkec.settings.demo."
        assert (refused(), Term.objects.count()) == (sentence, before)


def test_loading_the_demo_into_the_database_of_a_public_site_by_settings_that_nobody_named(settings):
    settings.BASE_URL = "http://127.0.0.1:8000"
    core.site_root()
    Site.objects.update(hostname="gkec.example")
    assert refused() == (
        "This database serves gkec.example, so the demo stays out of it: let DATABASE_URL name another one."
    )


@pytest.mark.parametrize("hostname", ["localhost", "127.0.0.1", "testserver"])
def test_a_demo_or_a_test_is_let_through(settings, hostname):
    settings.BASE_URL = "http://testserver"
    core.site_root()
    Site.objects.update(hostname=hostname)
    refuse_unless_demo()
    Site.objects.update(hostname="gkec.example")
    with pytest.raises(NotADemo):
        refuse_unless_demo()


@pytest.mark.parametrize("place", ["0.0.0.0:8000", "0:8000", "[::]:8000", "gkec.example:8000", "127.0.0.2:8000"])
def test_opening_the_demo_to_others_by_an_address_of_runserver(place, monkeypatch):
    monkeypatch.setattr(runserver.Command, "run", lambda *args, **options: pytest.fail("It would be served."))
    with pytest.raises(CommandError) as refusal:
        call_command("runserver", place)
    assert str(refusal.value) == (
        "With the demo settings, serve on 127.0.0.1, localhost or [::1] alone, such as 127.0.0.1:8000: "
        "the demo's passwords are known to all."
    )


@pytest.mark.parametrize("place", ["", "8001", "127.0.0.1:8000", "localhost:8000", "[::1]:8000"])
def test_the_demo_is_served_on_this_machine(place, monkeypatch):
    served = []
    monkeypatch.setattr(runserver.Command, "run", lambda self, **options: served.append(self.addr))
    call_command("runserver", *([place] if place else []))
    assert served == ["::1" if "::1" in place else "localhost" if "localhost" in place else "127.0.0.1"]
