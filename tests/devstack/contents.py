"""What the database of an instance holds: run inside the instance (`Site.run`) or by a test about its own database."""

from datetime import timedelta

from django.apps import apps
from django.db.models import Count, Q

from core import clock
from events.enums import RegistrationState
from events.models import Event, WebinarPage
from learning.models import Cohort, Course, CoursePage
from municipalities.models import LocalGovernment
from newsletter.models import Campaign

# What depends on the settings of the tests and on how long a site has run: apps, periodic jobs, rows that only index.
OF_THE_INSTALLATION = {
    "auth.Permission",
    "contenttypes.ContentType",
    "core.Heartbeat",
    "wagtailcore.ReferenceIndex",
    "wagtailsearch.IndexEntry",
}


def counts() -> dict[str, int]:
    """Return how many rows each model has, of those that have any."""
    models = {model._meta.label: model for model in apps.get_models()}
    numbers = {label: models[label]._base_manager.count() for label in models.keys() - OF_THE_INSTALLATION}
    return {label: number for label, number in numbers.items() if number}


def shown() -> dict[str, object]:
    """Return what somebody who looks at the demo finds there."""
    now = clock.now()
    waits = Count("registrations", filter=Q(registrations__state=RegistrationState.WAITING))
    events = Event.objects.annotate(waits=waits).order_by("starts_at")
    running = Cohort.objects.filter(starts_on__lt=now, ends_on__gt=now, called_off_at=None)
    return {
        "webinars": WebinarPage.objects.live().filter(locale__language_code="en").count(),
        "in days": [(event.starts_at - now) // timedelta(days=1) for event in events],
        "seats": [(event.seat_state, event.waits) for event in events],
        "courses": CoursePage.objects.live().filter(locale__language_code="en").count(),
        "modules": [course.modules.filter(is_current=True).count() for course in Course.objects.all()],
        "cities": LocalGovernment.objects.count(),
        "running": {one.name: sorted(one.teams.values_list("local_government__name", flat=True)) for one in running},
        "campaigns": list(Campaign.objects.values_list("state", flat=True)),
    }
