"""What learning keeps about people, and for how long."""

from datetime import datetime

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from core import personal
from core.personal import Column, Kind, Rule, Subject
from learning.enums import Actor
from learning.models import Enrolment, EnrolmentChange, TeamRequest
from learning.services import erasing


def register_kinds() -> None:
    """Make the app's kinds of personal data known; called once, when the app is ready."""
    personal.register(_ENROLMENTS, _ENROLLING)


def _long_over(before: datetime) -> QuerySet:
    return Enrolment.objects.filter(erased_at=None, cohort__ends_on__lt=before.date())


def _found(subject: Subject) -> QuerySet:
    found = erasing.enrolments_of(subject).select_related("cohort__course", "local_government")
    return found.prefetch_related("changes", "progress__unit")


def _done_for_others(subject: Subject) -> QuerySet:
    """Return the steps that an account made in other people's enrolments, as their coordinator, moderator or staff."""
    if subject.person_id is None:
        return EnrolmentChange.objects.none()
    steps = EnrolmentChange.objects.filter(by=subject.person_id).exclude(actor=Actor.PERSON)
    return steps.select_related("enrolment__cohort__course", "enrolment__local_government")


def _steps_long_ago(before: datetime) -> QuerySet:
    return EnrolmentChange.objects.filter(by__isnull=False, enrolment__cohort__ends_on__lt=before.date())


def _teams_long_ago(before: datetime) -> QuerySet:
    """Return the teams that name who enrolled them, also those in which nobody is left whose name is known."""
    return TeamRequest.objects.filter(coordinator__isnull=False, cohort__ends_on__lt=before.date())


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
    models=("learning.Enrolment", "learning.EnrolmentChange", "learning.UnitProgress"),
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

# Who was enrolled is told to those people themselves.
_ENROLLING = Kind(
    name="enrolling",
    label=_("Enrol a team"),
    about=_(
        "Whom you enrolled, withdrew or decided on in courses: which course and city, what and when, not the names."
    ),
    models=("learning.EnrolmentChange", "learning.TeamRequest"),
    find=_done_for_others,
    columns=(
        "enrolment__cohort__course__title",
        "enrolment__cohort__name",
        Column("local_government", _("local government"), lambda step: _city(step.enrolment)),
        "what",
        "at",
        "reason",
    ),
    rules=(
        Rule(
            "RETENTION_ENROLMENT_DAYS",
            _("That it was you who changed an enrolment is forgotten %(period)s after the course."),
            "enrolment__cohort__ends_on",
            _steps_long_ago,
            lambda keys: EnrolmentChange.objects.filter(pk__in=keys).update(by=None),
        ),
        Rule(
            "RETENTION_ENROLMENT_DAYS",
            _("That you enrolled a team is forgotten %(period)s after the course."),
            "cohort__ends_on",
            _teams_long_ago,
            lambda keys: TeamRequest.objects.filter(pk__in=keys).update(coordinator=None),
        ),
    ),
    order=16,
)
