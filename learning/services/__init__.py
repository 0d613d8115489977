"""The only writers of courses, modules and units."""

from learning.services.projecting import hand_over_source, project_course, withdraw, withdraw_course
from learning.services.repairing import repair_courses

__all__ = ["hand_over_source", "project_course", "repair_courses", "withdraw", "withdraw_course"]
