"""What events keep about people, and for how long."""

from datetime import datetime

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from core import personal
from core.personal import Column, Kind, Rule, Subject
from events.models import Registration
from events.services import erasing


def register_kinds() -> None:
    """Make the app's kinds of personal data known; called once, when the app is ready."""
    personal.register(_REGISTRATIONS)


def _long_over(before: datetime) -> QuerySet:
    return Registration.objects.filter(erased_at=None, event__ends_at__lt=before)


def _found(subject: Subject) -> QuerySet:
    found = erasing.registrations_of(subject).select_related("event", "organisation_type")
    return found.prefetch_related("changes", "attendances")


def _history(registration: Registration) -> str:
    steps = registration.changes.all()
    return "\n".join(f"{step.at:%Y-%m-%d %H:%M} UTC: {step.get_what_display()}" for step in steps)


def _attendance(registration: Registration) -> str:
    return "\n".join(f"{one.first_seen_at:%Y-%m-%d %H:%M} UTC: {one}" for one in registration.attendances.all())


def _label(registration: Registration) -> str:
    return registration.organisation_type.label if registration.organisation_type else ""


_REGISTRATIONS = Kind(
    name="registrations",
    label=_("Registrations for events"),
    about=_("Which events you registered for, what you said about yourself then, and what happened afterwards."),
    models=("events.Registration", "events.RegistrationChange", "events.Reminder", "events.Attendance"),
    find=_found,
    columns=(
        "event__title",
        "event__starts_at",
        "event__timezone",
        "state",
        "name",
        "email",
        "country",
        "organisation",
        Column("organisation_type", _("type of organisation"), _label),
        "language",
        "timezone",
        "registered_at",
        "cancelled_at",
        Column("history", _("History"), _history),
        Column("attendance", _("attendance"), _attendance),
    ),
    rules=(
        Rule(
            "RETENTION_REGISTRATION_DAYS",
            _("Name, address, organisation and history of a registration are deleted %(period)s after the event."),
            "event__ends_at",
            _long_over,
            erasing.forget_people,
        ),
    ),
    erase=lambda subject: erasing.erase_registrations(subject=subject),
    stays=_(
        "That somebody from your country and type of organisation registered, without anything that says who: for"
        " the report to the European Union."
    ),
    order=20,
    addresses=lambda: Registration.objects.filter(erased_at=None).values_list("email", flat=True),
)
