"""Occasions that a browser test needs besides the demo's; run inside an instance (`Site.run`)."""

import json
from collections.abc import Iterable
from dataclasses import asdict
from datetime import timedelta

from django.conf import settings
from django.shortcuts import render
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import translation
from wagtail.models import Locale, Page
from wagtail_localize.models import Translation
from wagtail_localize.operations import translate_object

from accounts.models import User
from accounts.services import create_person
from core import clock
from core.emailkeys import email_key
from core.models import Term
from core.views.errors import server_error
from events import tokens as registrations
from events.models import Event, Registration, WebinarPage
from events.services import Applicant, register, set_join_link
from learning import tokens as doors
from learning.models import CoursePage, Enrolment
from newsletter import tokens as subscriptions
from newsletter import wording
from newsletter.models import NewsletterPage, Subscriber
from newsletter.services import confirm
from tests.browser.site import PASSWORD
from tests.factories.accounts import sign_in

COHORT, CITY = "climate-budgets-autumn", "chefchaouen"
MEMBER = "yasmine.benali@chefchaouen.example"
INVITED = {"en": "paula.henao@medellin.example", "ar": "salma.idrissi@chefchaouen.example"}


def small_webinar(slug: str, *, seats: int = 2, starts_in: timedelta = timedelta(days=10)) -> str:
    """Publish a webinar with few seats, in ten days or sooner, and return its slug."""
    parent = Page.objects.get(slug="events", depth=3, locale__language_code="en")
    starts_at = clock.now() + starts_in
    page = parent.add_child(
        instance=WebinarPage(
            title=slug,
            slug=slug,
            locale=parent.locale,
            format=Term.objects.get(vocabulary="event-format", slug="webinar"),
            starts_at=starts_at,
            ends_at=starts_at + timedelta(hours=1),
            timezone="Europe/Brussels",
            capacity=seats,
            live=False,
        )
    )
    page.save_revision().publish()
    return slug


def webinar_about_to_start(slug: str, *, link: str) -> str:
    """Publish a webinar that starts in ten minutes and meets at `link`; return its slug."""
    small_webinar(slug, starts_in=timedelta(minutes=10))
    set_join_link(translation_key=WebinarPage.objects.get(slug=slug).translation_key, url=link)
    return slug


def newcomer(email: str, name: str, language: str) -> None:
    """Make a person with an account and nothing else."""
    create_person(email=email, password=PASSWORD, display_name=name, language=language, country="FI")


def cookie_of(email: str) -> str:
    """Return the cookie, as JSON, of a session in which somebody is signed in."""
    return json.dumps({"name": settings.SESSION_COOKIE_NAME, "value": _session(User.objects.get(email=email))})


def newsletter_readers(addresses: dict[str, str], country: str) -> None:
    """Subscribe an address for each language; all of them live in one country."""
    for language, address in addresses.items():
        _subscriber(address, language, country)


def pages_of_every_kind(languages: Iterable[str], people: Iterable[str]) -> str:
    """Return the addresses of what has none that can be known before, by language, and a session for each person."""
    return json.dumps(
        {
            "addresses": {language: _addresses(language) for language in languages},
            "sessions": {email: _session(User.objects.get(email=email)) for email in people},
            "cookie": settings.SESSION_COOKIE_NAME,
            "refusals": {language: _refusals(language) for language in languages},
        }
    )


def _refusals(language: str) -> dict[str, str]:
    """Return the pages that no address leads to at will: another role's, after too many tries, a mistake of ours."""
    request = Client().get("/learn/wrong/").wsgi_request
    with translation.override(language):
        told = {name: render(request, f"{status}.html") for name, status in (("not open", 403), ("too often", 429))}
    # Sent for an event that has been taken off the site meanwhile: what was typed comes back.
    typed = {"name": "Salma Idrissi", "email": "salma@city.example", "country": "MA"}
    told["no event"] = Client(headers={"host": "localhost"}).post(
        f"/{language}/events/taken-off-the-site/register/", typed
    )
    told["our mistake"] = server_error(RequestFactory().get("/"))
    return {name: answer.content.decode() for name, answer in told.items()}


def _registration(language: str) -> Registration:
    """Register somebody for a webinar whose doors are open."""
    slug = webinar_about_to_start(f"axe-{language}", link="https://meet.example.org/axe")
    address, zone = f"axe.{language}@city.example", "Africa/Casablanca"
    applicant = Applicant(name="Salma Idrissi", email=address, language=language, timezone=zone, country="MA")
    return register(event_id=Event.objects.get(slug=slug).pk, applicant=applicant).registration


def _subscriber(address: str, language: str, country: str) -> Subscriber:
    """Subscribe an address as the click on the link of its mail would."""
    said = {**asdict(wording.agreeing()), "channel": "/"}
    subscriber = Subscriber.objects.create(
        email=address, email_key=email_key(address), language=language, country=country, wording=said
    )
    return confirm(subscriber_id=subscriber.pk)


def _addresses(language: str) -> dict[str, str]:
    course = CoursePage.objects.filter(locale__language_code="en").order_by("path").first()
    module = course.get_children().first()
    unit = module.get_children().first()
    past = WebinarPage.objects.filter(locale__language_code="en", ends_at__lt=clock.now()).order_by("ends_at").first()
    issue = NewsletterPage.objects.filter(locale__language_code="en").order_by("number").first()
    pages = {"course": course, "module": module, "unit": unit, "past webinar": past, "issue": issue}
    reader = _subscriber(f"axe.{language}@city.example", language, "FI")
    registration = _registration(language)
    here = registration.uuid, registration.token_version
    own, seat = registrations.make(*here), registrations.make(*here, salt=registrations.JOIN)
    ended = Event.objects.get(translation_key=past.translation_key).slug
    member = Enrolment.objects.get(cohort__slug=COHORT, email=MEMBER).uuid
    door = doors.make(_invited(language).uuid)
    with translation.override(language):
        return {
            **{name: _in_language(page.specific, language).url for name, page in pages.items()},
            "confirmed": reverse("newsletter_confirm", args=[subscriptions.sign(reader.uuid, "confirm")]),
            "preferences": reverse("newsletter_preferences", args=[subscriptions.sign(reader.uuid, "preferences")]),
            "unsubscribe": reverse("newsletter_unsubscribe", args=[subscriptions.sign(reader.uuid, "unsubscribe")]),
            "unwanted": reverse("newsletter_unwanted", args=[subscriptions.sign(reader.uuid, "unwanted")]),
            "door": reverse("learning_door", args=[door]),
            "decline": reverse("learning_door_decline", args=[door]),
            "registration": reverse("event_registration", args=[own]),
            "cancel": reverse("event_registration_cancel", args=[own]),
            "new links": reverse("event_registration_links", args=[own]),
            "erasing": reverse("event_registration_erase", args=[own]),
            "erase": reverse("event_erase", args=[registrations.make_erasure(*here)]),
            "register refused": reverse("event_register", args=[ended]),
            "join": reverse("event_join", args=[seat]),
            "replace": reverse("my_team_member_replace", args=[COHORT, CITY, member]),
            "withdraw": reverse("my_team_member_withdraw", args=[COHORT, CITY, member]),
            "my unit": reverse("my_unit", args=[COHORT, unit.translation_key]),
        }


def _in_language(page: Page, language: str) -> Page:
    """Return the page in a language, published there for the purpose where it is not."""
    locale = Locale.objects.get(language_code=language)
    if not page.has_translation(locale):
        translate_object(page, [locale])
        Translation.objects.get(source__object_id=page.translation_key, target_locale=locale).save_target()
    return page.get_translation(locale)


def _invited(language: str) -> Enrolment:
    """Return an invitation of the demo, as if it had been written in this language."""
    enrolment = Enrolment.objects.get(email=INVITED[language])
    Enrolment.objects.filter(pk=enrolment.pk).update(language=language)
    return enrolment


def _session(person: User) -> str:
    """Return the key of a session in which the person is signed in."""
    return sign_in(Client(), person, factor=False).cookies[settings.SESSION_COOKIE_NAME].value
