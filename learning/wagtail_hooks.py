"""Registers learning with the admin."""

from django.utils.translation import gettext_lazy as _
from wagtail import hooks
from wagtail.admin.viewsets.base import ViewSetGroup
from wagtail.permissions import register_permission_policy

from core.permissions import NoDeletion
from learning.admin.cohorts import Cohorts
from learning.admin.courses import Courses
from learning.admin.enrolments import EnrolmentPolicy, Enrolments
from learning.models import Cohort, Enrolment

register_permission_policy(Cohort, NoDeletion(Cohort))
register_permission_policy(Enrolment, EnrolmentPolicy(Enrolment))


class Learning(ViewSetGroup):
    """The menu of learning."""

    menu_label = _("Learning")
    menu_name = "learning"
    menu_icon = "openquote"
    menu_order = 160
    items = (Courses, Cohorts, Enrolments)


@hooks.register("register_admin_viewset")
def viewsets() -> Learning:
    """Offer the menu of courses, cohorts and learners."""
    return Learning()
