"""The demo's cohorts: one that runs with two cities' teams, and one that takes people."""

from datetime import timedelta
from typing import Any

from accounts.models import User
from accounts.services import create_person
from core import clock
from core.emailkeys import email_key
from demo import content
from learning.enums import Actor, ChangeKind, EnrolmentState, TeamState
from learning.models import (
    Cohort,
    Course,
    Enrolment,
    EnrolmentChange,
    TeamRequest,
    Unit,
    UnitPage,
    UnitProgress,
)
from learning.services import save_cohort
from municipalities.enums import MembershipRole, MembershipState
from municipalities.models import LocalGovernment, Membership

MODERATOR = "moderator@gkec.example"
STEPS = {EnrolmentState.ACTIVE: ChangeKind.JOINED, EnrolmentState.INVITED: ChangeKind.INVITED}


def load_cohorts() -> None:
    """Open the cohorts that are missing, with their teams.

    The rows are written at once and no mail is asked for: a newcomer's inbox should hold the newcomer's own mails.
    """
    data = content.read("cohorts")
    coordinators = {entry["city"]: _coordinator(entry) for entry in data["coordinators"]}
    for entry in data["cohorts"]:
        if not Cohort.objects.filter(slug=entry["slug"]).exists():
            cohort = _open(entry)
            for team in entry["teams"]:
                _load_team(cohort, team, coordinators[team["city"]])


def _coordinator(entry: dict[str, Any]) -> User:
    """Return the person who answers for a city, made where they are missing, with their membership."""
    person = User.objects.filter(email=entry["email"]).first() or create_person(
        email=entry["email"],
        display_name=entry["name"],
        language=entry["language"],
        timezone=entry["timezone"],
        country=entry["country"],
        organisation=entry["city"],
    )
    now = clock.now()
    Membership.objects.get_or_create(
        person=person,
        local_government=_city(entry["city"]),
        state=MembershipState.APPROVED,
        defaults={
            "role": MembershipRole.COORDINATOR,
            "department": entry["department"],
            "starts_on": now.date() - timedelta(days=90),
            "asked_at": now - timedelta(days=92),
            "decided_at": now - timedelta(days=90),
        },
    )
    return person


def _city(name: str) -> LocalGovernment:
    return LocalGovernment.objects.get(name=name)


def _open(entry: dict[str, Any]) -> Cohort:
    today = clock.now().date()
    cohort = Cohort(
        course=Course.objects.get(translation_key=content.key("learning", entry["course"])),
        slug=entry["slug"],
        name=entry["name"],
        starts_on=today + timedelta(days=entry["starts"]),
        ends_on=today + timedelta(days=entry["ends"]),
        closes_at=clock.now() + timedelta(days=entry["closes"]) if entry["closes"] else None,
        timezone=entry["timezone"],
        languages=entry["languages"],
        seats=entry["seats"],
        seats_per_local_government=entry["seats_per_city"],
    )
    return save_cohort(cohort=cohort, moderators=list(User.objects.filter(email=MODERATOR)))


def _load_team(cohort: Cohort, entry: dict[str, Any], coordinator: User) -> None:
    team = TeamRequest.objects.create(
        cohort=cohort,
        local_government=_city(entry["city"]),
        coordinator=coordinator,
        state=TeamState.SENT,
        created_at=cohort.starts_at - timedelta(days=20),
    )
    people = {user.email: user for user in User.objects.filter(email__in=[one["email"] for one in entry["people"]])}
    rows = Enrolment.objects.bulk_create(_row(team, one, people.get(one["email"])) for one in entry["people"])
    EnrolmentChange.objects.bulk_create(
        EnrolmentChange(
            enrolment=row,
            at=row.joined_at or row.created_at,
            what=STEPS[EnrolmentState(row.state)],
            actor=Actor.PERSON if row.joined_at else Actor.COORDINATOR,
        )
        for row in rows
    )
    for row, one in zip(rows, entry["people"], strict=True):
        _load_progress(cohort, row, one["units"])


def _row(team: TeamRequest, one: dict[str, Any], person: User | None) -> Enrolment:
    has_joined = one["state"] == EnrolmentState.ACTIVE
    joined_at = team.created_at + timedelta(days=2) if has_joined else None
    return Enrolment(
        uuid=content.key("enrolment", team.cohort.slug, one["email"]),
        cohort=team.cohort,
        local_government=team.local_government,
        team=team,
        person=person if has_joined else None,
        name=one["name"],
        email=one["email"],
        email_key=email_key(one["email"]),
        language=one["language"],
        department=one["department"],
        state=one["state"],
        has_seat=True,
        created_at=team.created_at,
        invited_at=team.created_at,
        joined_at=joined_at,
        confirmed_at=joined_at,
    )


def _load_progress(cohort: Cohort, row: Enrolment, number: int) -> None:
    """Let somebody have completed the first units, one every other day since the cohort began."""
    units = list(Unit.objects.in_order().filter(is_current=True, module__course=cohort.course)[:number])
    pages = UnitPage.objects.filter(
        translation_key__in=[unit.translation_key for unit in units], locale__language_code=content.SOURCE
    )
    revisions = dict(pages.values_list("translation_key", "live_revision_id"))
    UnitProgress.objects.bulk_create(
        UnitProgress(
            enrolment=row,
            unit=unit,
            revision_id=revisions.get(unit.translation_key),
            language=content.SOURCE,
            read_at=(read_at := cohort.starts_at + timedelta(days=2 * place, hours=9)),
            last_read_at=read_at,
            completed_at=read_at + timedelta(minutes=unit.minutes),
        )
        for place, unit in enumerate(units)
    )
