"""Who meets a cohort, an enrolment or a unit at all; strangers get the same 404 as for what does not exist."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from django.db.models import Q
from django.http import Http404, HttpRequest
from wagtail.models import Page, PageViewRestriction

from core.seats import SeatState
from learning.enums import LIVE_TEAMS, UNTOLD_TEAMS, TeamState
from learning.errors import CohortFull
from learning.models import Cohort, Enrolment, TeamRequest
from learning.querysets_cohorts import CohortQuerySet, TeamQuerySet
from learning.querysets_enrolments import EnrolmentQuerySet
from learning.rules import (
    VIEW_COHORTS,
    has_drafts,
    keys_of,
    may_change_team,
    may_moderate,
    may_see_team,
    refusal_of,
)
from municipalities.models import LocalGovernment, Membership
from municipalities.rules import has_asked_to_coordinate

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from accounts.models import User


class HasEnded(Http404):
    """The cohort at an address is over or called off; whoever asks might have known of it and may be told so."""

    def __init__(self, cohort: Cohort) -> None:
        super().__init__()
        self.cohort = cohort


def cohort_for(request: HttpRequest, slug: str) -> Cohort:
    """Return the listed cohort at an address, or raise Http404 for a visitor who may not know of it.

    HasEnded, for who might have known of it, where it was listed before.
    """
    taught = Cohort.objects.filter(slug=slug, course__is_current=True)
    found = met_by(request, taught)
    if not found:
        raise Http404
    if found[0].is_called_off or found[0].is_over():
        raise HasEnded(found[0])
    return found[0]


def met_by(request: HttpRequest, cohorts: CohortQuerySet) -> list[Cohort]:
    """Return those of some cohorts that a visitor may know of and enrol in, in their order, with their course at hand.

    A course that has, in any language, a page that anybody may read keeps nothing. Of any other, cohorts are for
    whoever passes what Wagtail asks before it shows one of its pages (an account, a group, a password), for whoever
    takes part, guides or answers for a team in them, and for staff. One statement where no course is kept.
    """
    found = list(cohorts.select_related("course").with_publicity())
    kept = [cohort for cohort in found if cohort.is_kept]
    if not kept:
        return found
    readable = _courses_open_to(request, {cohort.course.translation_key for cohort in kept})
    shut = {cohort.pk for cohort in kept if cohort.course.translation_key not in readable}
    if shut:
        shut -= _known_to(request.user, shut)
    return [cohort for cohort in found if cohort.pk not in shut]


def _courses_open_to(request: HttpRequest, keys: set[UUID]) -> set[UUID]:
    """Return the keys of the courses of which a visitor may read a page; two statements, and more for groups."""
    pages = Page.objects.filter(translation_key__in=keys, live=True, alias_of=None)
    above = {
        page.path: {page.path[:end] for end in range(Page.steplen, len(page.path) + 1, Page.steplen)} for page in pages
    }
    asked = PageViewRestriction.objects.filter(page__path__in=set().union(*above.values()))
    refused = {
        one.page.path
        for one in asked.select_related("page").prefetch_related("groups")
        if not one.accept_request(request)
    }
    return {page.translation_key for page in pages if not above[page.path] & refused}


def _known_to(person: "User | AnonymousUser", cohorts: set[int]) -> set[int]:
    """Return those of some cohorts, by their keys, that somebody knows from within."""
    if not person.is_authenticated:
        return set()
    if person.has_perm(VIEW_COHORTS):
        return cohorts
    mine = Enrolment.objects.told().meant_for(person, keys_of(person)).values_list("cohort_id", flat=True)
    guided = Cohort.objects.moderated_by(person).order_by().values_list("pk", flat=True)
    return cohorts & {*mine, *guided, *(team.cohort_id for team in teams_of(person))}


def why_shut(cohort: Cohort) -> str:
    """Return why nobody can enrol in a cohort at present, in the words of the refusal; empty where somebody can."""
    refusal = refusal_of(cohort)
    if refusal is None and cohort.seat_state == SeatState.FULL:
        refusal = CohortFull()
    return str(refusal or "")


class HasLeft(Http404):
    """Who asks has taken part in the cohort and does not any more: they may be told so, and nobody else may.

    `is_back` where they are invited again, or wait for a seat or an answer, and the cohort has a page that says so: how
    they stand or, once it is over or called off, that it is.
    """

    def __init__(self, *, is_back: bool) -> None:
        super().__init__()
        self.is_back = is_back


def own_enrolment(request: HttpRequest, slug: str) -> Enrolment:
    """Return the visitor's own enrolment in a cohort that they have joined, or raise Http404, HasLeft to who left."""
    mine = Enrolment.objects.of_person(request.user).filter(cohort__slug=slug)
    found = mine.joined().select_related("cohort__course", "local_government").first()
    if found is not None:
        return found
    if not mine.filter(joined_at__isnull=False).exists():
        raise Http404
    taught = Enrolment.objects.filter(cohort__slug=slug, cohort__course__is_current=True)
    stands = taught.told().meant_for(request.user, keys_of(request.user))
    raise HasLeft(is_back=stands.exists())


class HasWithdrawn(Http404):
    """Who asks waits to be approved and whom they had written down is withdrawn: they may be told so, nobody else."""


@dataclass(frozen=True)
class Team:
    """One city's people in one cohort, as far as a visitor may see them."""

    cohort: Cohort
    city: LocalGovernment
    # All of the city's; for a coordinator who waits to be approved only what they wrote down meanwhile.
    people: EnrolmentQuerySet


def team_for(request: HttpRequest, slug: str, city: str) -> Team:
    """Return a city's team in a cohort with those whom the visitor may see, or raise Http404; HasWithdrawn to whom all
    of them were.
    """
    cohort = Cohort.objects.select_related("course").with_publicity().filter(slug=slug).first()
    where = LocalGovernment.objects.filter(slug=city).first()
    if cohort is None or where is None:
        raise Http404
    # Whom nobody ever told of it was never in the team.
    people = Enrolment.objects.of_team(cohort.pk, where.pk).exclude(team__in=TeamRequest.objects.taken_back())
    if may_see_team(request.user, cohort.pk, where.pk):
        _refuse_stranger(request, cohort, people)
        return Team(cohort, where, people)
    if has_drafts(request.user, cohort.pk, where.pk):
        drafts = people.filter(team__coordinator=request.user, team__state__in=UNTOLD_TEAMS)
        return Team(cohort, where, drafts)
    if has_asked_to_coordinate(request.user, where.pk):
        own = TeamRequest.objects.of_city(cohort.pk, where.pk).of_coordinator(request.user)
        if own.never_told().exists():
            raise HasWithdrawn
    raise Http404


def _refuse_stranger(request: HttpRequest, cohort: Cohort, people: EnrolmentQuerySet) -> None:
    """Raise Http404 for who coordinates a city that has nobody in a cohort of which they may not know."""
    if not cohort.is_kept or people.exists():
        return
    if not met_by(request, Cohort.objects.filter(pk=cohort.pk)):
        raise Http404


def teams_to_end(request: HttpRequest, team: Team) -> TeamQuerySet:
    """Return what of a city's teams the visitor may withdraw: all or, for who waits to be approved, their own draft."""
    live = TeamRequest.objects.live().of_city(team.cohort.pk, team.city.pk)
    return live if may_change_team(request.user, team.city.pk) else live.drafts().of_coordinator(request.user)


def teams_to_keep(request: HttpRequest, team: Team, keys: Iterable[int]) -> TeamQuerySet:
    """Return those of some of a city's teams that the visitor may keep from being withdrawn, ended meanwhile or not.

    For who waits to be approved that is nothing of which anybody was told: what they sent in former days is the city's.
    """
    named = TeamRequest.objects.of_city(team.cohort.pk, team.city.pk).filter(pk__in=keys)
    return named if may_change_team(request.user, team.city.pk) else named.of_coordinator(request.user).never_told()


def leaving_teams(request: HttpRequest, team: Team) -> list[TeamRequest]:
    """Return what leaves for a city within the undo window and the visitor may take back."""
    leaving = TeamRequest.objects.drafts().of_city(team.cohort.pk, team.city.pk).exclude(sends_at=None)
    if not may_change_team(request.user, team.city.pk):
        leaving = leaving.of_coordinator(request.user)
    return list(leaving.order_by("sends_at", "pk"))


def is_taken_back(team: Team, pk: int) -> bool:
    """Whether one of a city's teams in a cohort ended before anybody heard of it."""
    return TeamRequest.objects.of_city(team.cohort.pk, team.city.pk).taken_back().filter(pk=pk).exists()


def team_taken_back(request: HttpRequest, cohort: Cohort, city: LocalGovernment, key: str) -> list[Enrolment] | None:
    """Return whom a team of the visitor's named when they took it back; None where there is no such team."""
    if not (key.isascii() and key.isdigit() and len(key) < 10):
        return None
    own = TeamRequest.objects.of_city(cohort.pk, city.pk).of_coordinator(request.user)
    team = own.taken_back().filter(pk=key).first()
    if team is None:
        return None
    ended = list(team.enrolments.order_by("pk"))
    again = Enrolment.objects.of_team(cohort.pk, city.pk).live().filter(email_key__in=[one.email_key for one in ended])
    if again.exists():
        # The list was sent once more since.
        return None
    last = max((one.ended_at for one in ended if one.ended_at), default=None)
    return [one for one in ended if one.ended_at == last]


def member_of(team: Team, key: UUID) -> Enrolment:
    """Return one person of a team, or raise Http404 for one of another team."""
    found = team.people.filter(uuid=key).select_related("cohort", "local_government", "team", "person").first()
    if found is None:
        raise Http404
    return found


def moderated_cohort(request: HttpRequest, slug: str) -> Cohort:
    """Return a cohort that the visitor moderates, or raise Http404."""
    cohort = Cohort.objects.select_related("course").filter(slug=slug).first()
    if cohort is None or not may_moderate(request.user, cohort):
        raise Http404
    return cohort


def teams_of(person: "User", cohort: Cohort | None = None) -> list[TeamRequest]:
    """Return the teams that somebody answers for, each city once in each cohort; in one cohort if one is given.

    While they ask or coordinate, what they had drafted and was let go stays among them, until its cohort is over.
    """
    memberships = Membership.objects.of_person(person).coordinators()
    of_cities = Q(state__in=LIVE_TEAMS, local_government__in=memberships.current().values("local_government"))
    drafts = Q(coordinator=person, state=TeamState.DRAFT)
    let_go = Q(
        coordinator=person,
        state=TeamState.LAPSED,
        local_government__in=memberships.open().values("local_government"),
        cohort__in=Cohort.objects.listed().order_by(),
    )
    own = TeamRequest.objects.filter(of_cities | drafts | let_go)
    if cohort is not None:
        own = own.filter(cohort=cohort)
    own = own.select_related("cohort", "local_government").order_by("-cohort__starts_on", "pk")
    once = {(one.cohort_id, one.local_government_id): one for one in own}
    return list(once.values())
