"""Loads everything that the demo shows; what is there already is left as it is."""

from collections.abc import Callable
from urllib.parse import urlsplit

from django.conf import settings
from django.db import connection

from accounts.models import User
from accounts.services import ensure_groups
from core.services import load_vocabularies
from demo.services.cohorts import load_cohorts
from demo.services.courses import load_courses
from demo.services.indexing import indexed_at_the_end
from demo.services.newsletters import load_newsletters, send_newsletters
from demo.services.people import create_guests
from demo.services.registrations import load_registrations, register_guest
from demo.services.webinars import arm_reminders, load_webinars
from home.services import found_site
from municipalities.services import load_cities
from search.services import reindex

LEARNER = "learner@gkec.example"


def load_demo(say: Callable[[str], object] = lambda line: None) -> None:
    """Load vocabularies, cities, people, pages, cohorts and registrations; `say` is told what is going on.

    Not one transaction: wagtail-localize publishes translations when a transaction is committed. Every step can be
    run again, so a load that was interrupted is finished by the next one.
    """
    with connection.cursor() as cursor:
        # Hundreds of small commits: a load that a crash undoes is simply loaded again.
        cursor.execute("SET synchronous_commit TO off")
    with indexed_at_the_end():
        _load(say)
    say("Search")
    reindex()


def _load(say: Callable[[str], object]) -> None:
    address = urlsplit(settings.BASE_URL)
    say("Vocabularies, cities and groups")
    load_vocabularies()
    load_cities()
    ensure_groups()
    say("Home page and sections in five languages")
    found_site(hostname=address.hostname or "localhost", port=address.port or 80)
    say("People")
    create_guests()
    say("Courses in English and French")
    load_courses()
    say("Cohorts and the teams in them")
    load_cohorts()
    say("Webinars and who registered")
    events = {event.slug: event for event in load_webinars()}
    first = next(iter(events.values()))
    is_new = not first.registrations.exists()
    load_registrations(events)
    register_guest(event=first, person=User.objects.get(email=LEARNER))
    if is_new:
        arm_reminders(first)
    say("Issues of the newsletter and who reads it")
    send_newsletters(load_newsletters())
