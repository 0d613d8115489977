"""Which teams of cities are under way, told to the pages and mails of those who coordinate them."""

from collections import defaultdict
from collections.abc import Collection

from django.db.models import Exists, OuterRef, Q
from django.urls import reverse

from learning.enums import LEAVABLE_STATES
from learning.models import Cohort, Enrolment, TeamRequest
from learning.querysets_cohorts import TeamQuerySet
from municipalities.models import LocalGovernment
from municipalities.running import RunningTeam


def of_cities(cities: Collection[int]) -> dict[int, list[RunningTeam]]:
    """Return the teams that were sent, somebody in them still learns or waits, each city once in each cohort.

    One statement. Drafts are none: their coordinator is not approved yet, so that nobody was told.
    """
    teams = _sent().filter(local_government__in=cities)
    teams = teams.filter(cohort__in=Cohort.objects.listed().order_by()).select_related("cohort", "local_government")
    once = {(one.local_government_id, one.cohort_id): one for one in teams.order_by("cohort__starts_on", "pk")}
    found = defaultdict(list)
    for one in once.values():
        found[one.local_government_id].append(_running(one.cohort, one.local_government))
    return dict(found)


def once_sent(city: LocalGovernment, cohorts: Collection[int]) -> list[RunningTeam]:
    """Return what `of_cities` will of a city that has drafts in these cohorts, once those are sent; one statement."""
    there = _sent().filter(local_government=city, cohort=OuterRef("pk"))
    found = Cohort.objects.listed().filter(Q(pk__in=cohorts) | Exists(there))
    return [_running(cohort, city) for cohort in found.order_by("starts_on", "pk")]


def _sent() -> TeamQuerySet:
    people = Enrolment.objects.filter(team=OuterRef("pk"), state__in=LEAVABLE_STATES)
    return TeamRequest.objects.sent().filter(Exists(people))


def _running(cohort: Cohort, city: LocalGovernment) -> RunningTeam:
    return RunningTeam(cohort.name, reverse("my_team", args=[cohort.slug, city.slug]), cohort.ends_on)
