"""What learning keeps about people, and for how long."""

from datetime import datetime

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from core import personal
from core.personal import Column, Kind, Rule, Subject
from learning.models import Enrolment
from learning.services import erasing


def register_kinds() -> None:
    """Make the app's kinds of personal data known; called once, when the app is ready."""
    personal.register(_ENROLMENTS)


def _long_over(before: datetime) -> QuerySet:
    return Enrolment.objects.filter(erased_at=None, cohort__ends_on__lt=before.date())


def _found(subject: Subject) -> QuerySet:
    found = erasing.enrolments_of(subject).select_related("cohort__course", "local_government")
    return found.prefetch_related("changes", "progress__unit")


def _city(enrolment: Enrolment) -> str:
    return enrolment.local_government.display_name if enrolment.local_government else ""


def _history(enrolment: Enrolment) -> str:
    steps = enrolment.changes.all()
    return "\n".join(f"{step.at:%Y-%m-%d %H:%M} UTC: {step.get_what_display()}" for step in steps)


def _units(enrolment: Enrolment) -> str:
    return "\n".join(f"{one.last_read_at:%Y-%m-%d %H:%M} UTC: {one.unit.title}" for one in enrolment.progress.all())


_ENROLMENTS = Kind(
    name="enrolments",
    label=_("Courses"),
    about=_("Which courses you were enrolled in, by which city, and which units you have read."),
    models=("learning.Enrolment", "learning.EnrolmentChange", "learning.UnitProgress", "learning.TeamRequest"),
    find=_found,
    columns=(
        "cohort__course__title",
        "cohort__name",
        "cohort__starts_on",
        "cohort__ends_on",
        Column("local_government", _("local government"), _city),
        "state",
        "name",
        "email",
        "department",
        "language",
        "created_at",
        "invited_at",
        "joined_at",
        "ended_at",
        Column("history", _("History"), _history),
        Column("units", _("units"), _units),
    ),
    rules=(
        Rule(
            "RETENTION_ENROLMENT_DAYS",
            _("Name, address, department and history of an enrolment are deleted %(period)s after the course."),
            "cohort__ends_on",
            _long_over,
            erasing.forget_learners,
        ),
    ),
    erase=lambda subject: erasing.erase_enrolments(subject=subject),
    stays=_(
        "That somebody from your city took part in a course and how many units they read, without anything that says"
        " who: for the report to the European Union."
    ),
    order=15,
    addresses=lambda: Enrolment.objects.filter(erased_at=None).values_list("email", flat=True),
)
