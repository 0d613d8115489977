"""Pages and records of learning."""

from learning.models.cohort import Cohort, TeamRequest
from learning.models.enrolment import Enrolment, EnrolmentChange, UnitProgress
from learning.models.pages import CourseIndexPage, CoursePage, ModulePage, UnitPage
from learning.models.records import Course, Module, Unit

__all__ = [
    "Cohort",
    "Course",
    "CourseIndexPage",
    "CoursePage",
    "Enrolment",
    "EnrolmentChange",
    "Module",
    "ModulePage",
    "TeamRequest",
    "Unit",
    "UnitPage",
    "UnitProgress",
]
