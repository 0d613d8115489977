"""Pages and records of learning."""

from learning.models.pages import CourseIndexPage, CoursePage, ModulePage, UnitPage
from learning.models.records import Course, Module, Unit

__all__ = ["Course", "CourseIndexPage", "CoursePage", "Module", "ModulePage", "Unit", "UnitPage"]
