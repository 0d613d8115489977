"""How many people a coordinator has written down who hear of it once staff approve: told to the staff's queue."""

from collections import defaultdict
from collections.abc import Collection

from django.db.models import Exists, OuterRef, Q

from learning.enums import KNOWN_STATES, EnrolmentState, TeamState
from learning.models import Enrolment
from municipalities.drafted import Coordination


def invited_by(coordinations: Collection[Coordination]) -> dict[Coordination, int]:
    """Count those whom `send_drafts` would write to for each coordinator and city, everybody once; one statement."""
    people, cities = {person for person, _city in coordinations}, {city for _person, city in coordinations}
    known = Enrolment.objects.filter(
        cohort=OuterRef("cohort"),
        local_government=OuterRef("local_government"),
        email_key=OuterRef("email_key"),
        state__in=KNOWN_STATES,
    )
    # Whoever has neither seat nor number waits for a moderator and hears of nothing yet.
    drafts = Enrolment.objects.filter(
        Q(has_seat=True) | Q(waiting_number__isnull=False),
        ~Exists(known),
        state=EnrolmentState.DRAFTED,
        team__state=TeamState.DRAFT,
        team__coordinator__in=people,
        team__local_government__in=cities,
        cohort__called_off_at=None,
    )
    keys: dict[Coordination, set[str]] = defaultdict(set)
    for one in drafts.select_related("team", "cohort"):
        team, cohort = one.team, one.cohort
        if team is None or team.coordinator_id is None or cohort.is_over():
            continue
        if one.has_seat or not cohort.has_given_its_seats():
            keys[team.coordinator_id, team.local_government_id].add(one.email_key)
    return {which: len(found) for which, found in keys.items()}
