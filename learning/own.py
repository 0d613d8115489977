"""What a person's own pages show: the courses they take part in, and the path of one with what is done.

Stations lead to the person's own pages, not to the public ones.
"""

from dataclasses import replace
from typing import Any
from uuid import UUID

from django.db.models import Case, Exists, OuterRef, Q, When
from django.http import HttpRequest
from django.urls import reverse

from accounts.models import User
from accounts.visitors import signed_in
from core import languages
from learning import access, cohort_words, rules
from learning.course_path import CoursePath, course_path
from learning.enums import LIVE_STATES, EnrolmentState
from learning.models import Cohort, Enrolment, UnitProgress


def courses(request: HttpRequest) -> dict[str, Any]:
    """Return what "my learning" shows; a constant number of statements. For the page of that name and for my GKEC."""
    # Whoever left keeps the record of what they have done; it stands below what goes on.
    mine = Enrolment.objects.of_person(request.user).filter(Q(state__in=LIVE_STATES) | Q(joined_at__isnull=False))
    mine = mine.exclude(_gone_on_since()).with_progress().with_place()
    is_gone = Case(When(state__in=LIVE_STATES, then=0), default=1)
    mine = mine.select_related("cohort__course", "local_government")
    enrolments = list(mine.order_by(is_gone, "-cohort__starts_on", "pk"))
    invitations = _invitations(signed_in(request))
    cards = cohort_words.cards(one.cohort for one in [*invitations, *enrolments])
    guided = Cohort.objects.moderated_by(request.user).select_related("course").order_by("-starts_on", "pk")
    return {
        "invitations": list(zip(invitations, cards, strict=False)),
        "enrolments": list(zip(enrolments, cards[len(invitations) :], strict=True)),
        "guided": guided,
        "teams": access.teams_of(signed_in(request)),
    }


def _gone_on_since() -> Q:
    """Whether somebody who left has come back for the same city: what they had done stands in the new enrolment."""
    joined = Enrolment.objects.joined().filter(cohort=OuterRef("cohort"), person=OuterRef("person")).order_by()
    of_the_city = Exists(joined.filter(local_government=OuterRef("local_government")))
    alone = Q(Exists(joined.filter(local_government=None)), local_government=None)
    return Q(state=EnrolmentState.WITHDRAWN) & (Q(of_the_city) | alone)


def _invitations(person: User) -> list[Enrolment]:
    """Return what still waits for the person's answer, the next cohort first."""
    found = Enrolment.objects.unanswered_by(person, rules.keys_of(person)).filter(cohort__in=Cohort.objects.listed())
    found = found.select_related("cohort__course", "local_government", "team__coordinator")
    return list(found.order_by("cohort__starts_on", "pk"))


def path(enrolment: Enrolment) -> CoursePath:
    """Return the path with one member's progress; four statements, whatever the number of units.

    Its modules have no addresses: only the public pages link to those. Its units have none while nobody may read them.
    """
    done = set(
        UnitProgress.objects.filter(enrolment=enrolment)
        .exclude(completed_at=None)
        .values_list("unit__translation_key", flat=True)
    )
    # Without a request, nobody asks on which site the public pages stand.
    path = course_path(enrolment.cohort.course, language=languages.current())
    cohort = enrolment.cohort
    is_open = cohort.has_started() and not cohort.is_called_off
    begun = next((stop.key for stop in path.stops if stop.key not in done), None)

    def state(key: UUID) -> str:
        return "done" if key in done else "now" if key == begun else ""

    stages = (
        replace(
            stage,
            url="",
            stops=tuple(
                replace(
                    stop, url=reverse("my_unit", args=[cohort.slug, stop.key]) if is_open else "", state=state(stop.key)
                )
                for stop in stage.stops
            ),
        )
        for stage in path.stages
    )
    return CoursePath(tuple(stages))
