"""A cohort with a course, a city with its coordinator, and what they do over HTTP; for tests of learning's pages."""

import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.test import Client

from accounts.models import User
from core import clock
from learning.models import Cohort, Course, CoursePage, Enrolment
from mail.models import Message
from municipalities.models import LocalGovernment
from tests.factories import accounts, municipalities
from tests.factories import learning as make

DOOR = re.compile(r"/learn/([^/\s\"<]+)/")


@dataclass(frozen=True)
class Place:
    """One cohort of one course, and a city with its coordinator."""

    page: CoursePage
    cohort: Cohort
    city: LocalGovernment
    coordinator: User

    def team(self, language: str = "en") -> str:
        """Return the address at which the team is enrolled."""
        return f"/{language}/learning/cohorts/{self.cohort.slug}/team/"

    def dashboard(self, language: str = "en") -> str:
        """Return the address at which the coordinator sees the team."""
        return f"/{language}/my/teams/{self.cohort.slug}/{self.city.slug}/"

    def course(self, language: str = "en") -> str:
        """Return the address at which a member sees the units."""
        return f"/{language}/my/learning/{self.cohort.slug}/"


def place(*, units: int = 2, **fields: Any) -> Place:
    """Make a course of one module, a cohort that has not begun and takes people, and a coordinator who is approved."""
    page = make.whole_course(modules=1, units=units)
    city = municipalities.local_government(name="Chefchaouen")
    person = accounts.PersonFactory(display_name="Nour El Idrissi")
    municipalities.coordinator(local_government=city, person=person)
    return Place(page, cohort(make.record_of(page), **fields), city, person)


def cohort(course: Course, **fields: Any) -> Cohort:
    """Make a cohort that begins in a month, takes a month, and takes people until then."""
    number = Cohort.objects.count() + 1
    given = {
        "slug": f"cohort-{number}",
        "name": f"Cohort {number}",
        "starts_on": days(30),
        "ends_on": days(60),
        "timezone": "Europe/Brussels",
        "languages": ["en", "fr"],
        "seats": 20,
    }
    return Cohort.objects.create(course=course, **{**given, **fields})


def days(number: int) -> date:
    """Return the day so many days from today."""
    return clock.now().date() + timedelta(days=number)


def begin(cohort: Cohort) -> None:
    """Let the cohort have begun yesterday, a month before its end."""
    Cohort.objects.filter(pk=cohort.pk).update(starts_on=days(-1), ends_on=days(30))


def client_of(person: User) -> Client:
    """Return a browser in which somebody is signed in."""
    return accounts.sign_in(Client(), person, factor=False)


def enrol(one: Place, lines: str, **data: Any) -> Any:
    """Send the last step as the coordinator; returns the answer."""
    said = {"city": one.city.slug, "lines": lines, "language": "en", "confirm": "yes", **data}
    return client_of(one.coordinator).post(one.team(), said)


def enrolled(one: Place, name: str = "Ana Silva") -> Enrolment:
    """Enrol one colleague; the address follows the name."""
    address = f"{name.lower().replace(' ', '.')}@city.example"
    enrol(one, f"{name} <{address}>")
    return Enrolment.objects.get(cohort=one.cohort, email=address, local_government=one.city)


def joined(one: Place, name: str = "Ana Silva") -> tuple[Enrolment, Client]:
    """Enrol one colleague, who joins by the mailed link and confirms who they are; returns their browser too."""
    enrolment = enrolled(one, name)
    client = Client()
    client.post(f"/learn/{enrolment.token}/")
    client.post(f"{one.course()}about-me/", {"name": name, "department": "Planning", "language": "en"})
    enrolment.refresh_from_db()
    return enrolment, client


def mails(kind: str) -> list[Message]:
    """Return the mails of one kind that were asked for."""
    return list(Message.objects.filter(kind=kind).order_by("pk"))
