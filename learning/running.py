"""Which teams of cities are under way, told to the pages and mails of those who coordinate them."""

from collections import defaultdict
from collections.abc import Collection

from django.db.models import Exists, OuterRef
from django.urls import reverse

from learning.enums import LEAVABLE_STATES
from learning.models import Cohort, Enrolment, TeamRequest
from municipalities.running import RunningTeam


def of_cities(cities: Collection[int]) -> dict[int, list[RunningTeam]]:
    """Return the teams that were sent, somebody in them still learns or waits, each city once in each cohort.

    One statement. Drafts are none: their coordinator is not approved yet, so that nobody was told.
    """
    people = Enrolment.objects.filter(team=OuterRef("pk"), state__in=LEAVABLE_STATES)
    teams = TeamRequest.objects.sent().filter(Exists(people), local_government__in=cities)
    teams = teams.filter(cohort__in=Cohort.objects.listed().order_by()).select_related("cohort", "local_government")
    once = {(one.local_government_id, one.cohort_id): one for one in teams.order_by("cohort__starts_on", "pk")}
    found = defaultdict(list)
    for one in once.values():
        url = reverse("my_team", args=[one.cohort.slug, one.local_government.slug])
        found[one.local_government_id].append(RunningTeam(one.cohort.name, url, one.cohort.ends_on))
    return dict(found)
