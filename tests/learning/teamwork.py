"""A cohort with a course, a city with its coordinator, and what they do over HTTP; for tests of learning's pages."""

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from accounts.rules import can_reach_admin
from core import clock
from learning import tasks
from learning.models import Cohort, CoursePage, Enrolment, TeamRequest, Unit, UnitPage
from learning.services import confirm_details
from mail.models import Message
from municipalities.models import Membership
from tests.factories import accounts, municipalities
from tests.factories import learning as make

DOOR = re.compile(r"/learn/([^/\s\"<]+)/")


@dataclass(frozen=True)
class Team:
    """One city's team in one cohort: whom its coordinator enrols, and where."""

    cohort: Cohort
    membership: Membership

    @property
    def city(self) -> Any:
        """The city."""
        return self.membership.local_government

    @property
    def coordinator(self) -> User:
        """Whoever answers for it."""
        return self.membership.person

    def team(self, language: str = "en") -> str:
        """Return the address at which the team is enrolled."""
        return f"/{language}/learning/cohorts/{self.cohort.slug}/team/"

    def dashboard(self, language: str = "en") -> str:
        """Return the address at which the coordinator sees the team."""
        return f"/{language}/my/teams/{self.cohort.slug}/{self.city.slug}/"

    def course(self, language: str = "en") -> str:
        """Return the address at which a member sees the units."""
        return f"/{language}/my/learning/{self.cohort.slug}/"

    def desk(self, language: str = "en") -> str:
        """Return the address at which moderators see everybody."""
        return f"/{language}/learning/cohorts/{self.cohort.slug}/moderate/"

    def unit(self, number: int = 0) -> Unit:
        """Return a unit of the course, counted from none."""
        return make.units_of(self.cohort.course)[number]

    def unit_page(self) -> UnitPage:
        """Return the page of the first unit."""
        return UnitPage.objects.get(translation_key=self.unit().translation_key)

    def course_page(self) -> CoursePage:
        """Return the page of the course."""
        return CoursePage.objects.get(translation_key=self.cohort.course.translation_key)

    def reading(self, unit: Unit | None = None, language: str = "en") -> str:
        """Return the address at which a member reads a unit, the first unless given."""
        return f"{self.course(language)}{(unit or self.unit()).translation_key}/"


def a_team(*, with_pages: bool = False, city: str = "Chefchaouen", **fields: Any) -> Team:
    """Make a cohort that has not begun and takes people, and one city with a coordinator; pages take their time."""
    if with_pages:
        fields["course"] = make.record_of(make.whole_course(modules=1, units=2))
    return second_city(make.cohort(**fields), city)


def second_city(cohort: Cohort, name: str = "Oslo") -> Team:
    """Return another city with its own coordinator in the same cohort."""
    city = municipalities.local_government(name=name)
    person = accounts.PersonFactory(display_name=f"Coordinator of {name}")
    return Team(cohort, municipalities.coordinator(local_government=city, person=person))


def begin(cohort: Cohort) -> None:
    """Let the cohort have begun yesterday, a month before its end."""
    today = clock.now().date()
    Cohort.objects.filter(pk=cohort.pk).update(starts_on=today - timedelta(days=1), ends_on=today + timedelta(days=30))


def client_of(person: User) -> Client:
    """Return a browser in which somebody is signed in; staff have shown their factor."""
    return accounts.sign_in(Client(), person, factor=can_reach_admin(person))


def enrol(one: Team, lines: str, **data: Any) -> Any:
    """Send the last step as the coordinator, who takes nothing back; returns the answer."""
    answer = press(one, lines, **data)
    window_passes()
    return answer


def press(one: Team, lines: str, **data: Any) -> Any:
    """Send the last step as the coordinator, who can take it back yet; returns the answer."""
    said = {"city": one.city.slug, "lines": lines, "language": "en", "confirm": "yes", **data}
    return client_of(one.coordinator).post(one.team(), said)


def window_passes() -> None:
    """Let the time be over in which coordinators can take back what they did, and the sweep come."""
    now = clock.now()
    TeamRequest.objects.filter(sends_at__gt=now).update(sends_at=now)
    TeamRequest.objects.filter(withdraws_at__gt=now).update(withdraws_at=now)
    tasks.give_held_seats()


def invited(one: Team, name: str = "Ana Silva") -> Enrolment:
    """Enrol one colleague; the address follows the name."""
    return make.invited(one.cohort, name, coordinator=one.membership)


def joined(one: Team, name: str = "Ana Silva") -> tuple[Enrolment, Client]:
    """Enrol one colleague, who joins and confirms who they are; returns their signed-in browser too."""
    enrolment = make.learner(one.cohort, name, coordinator=one.membership)
    confirm_details(enrolment_id=enrolment.pk, name=name, department="Planning", language="en")
    enrolment.refresh_from_db()
    return enrolment, client_of(enrolment.person)


def mails(kind: str) -> list[Message]:
    """Return the mails of one kind that were asked for."""
    return list(Message.objects.filter(kind=kind).order_by("pk"))


def stand(one: Team) -> list[tuple[str, str, bool]]:
    """Return everybody in the cohort with their state and whether they hold a seat, in the order they came."""
    return list(one.cohort.enrolments.order_by("pk").values_list("email", "state", "has_seat"))


def asked_for() -> list[tuple[str, str]]:
    """Return the kind and the address of every mail that was asked for."""
    return list(Message.objects.order_by("pk").values_list("kind", "to_address"))


def words(answer: Any) -> str:
    """Return what the page's main part says, without tags."""
    html = answer.content.decode()
    main = html[html.index("<main") : html.index("</main>")]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", main))


def statements(client: Client, address: str) -> int:
    """Return how many statements a page takes once what processes keep is at hand."""
    for _time in range(2):
        client.get(address)
    with CaptureQueriesContext(connection) as captured:
        assert client.get(address).status_code == 200
    return len(captured)
