"""Registers learning with the admin."""

from wagtail import hooks

from learning.admin.courses import Courses


@hooks.register("register_admin_viewset")
def courses() -> Courses:
    """Offer the list of courses in the menu."""
    return Courses()
