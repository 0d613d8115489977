"""What the services of learning refuse; each error carries the sentence that the editor reads."""

from django.utils.translation import gettext as _


class LearningError(Exception):
    """A refusal of the domain."""


class IncompleteUnit(LearningError):
    """A unit was published without saying how long it takes."""

    def __init__(self, title: str) -> None:
        self.title = title
        super().__init__(_("Say how many minutes the unit “%(title)s” takes before you publish it.") % {"title": title})
