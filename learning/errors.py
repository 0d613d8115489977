"""What the services of learning refuse; each error carries the sentence that the person reads."""

from collections.abc import Iterable

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from core.projection import Unprojectable
from mail.isolates import isolate


class LearningError(Exception):
    """A refusal of the domain; `sentence` says in the reader's language what is the matter and what to do."""

    sentence: str | Promise = ""

    def __init__(self, sentence: str | Promise | None = None) -> None:
        if sentence is not None:
            self.sentence = sentence
        super().__init__(self.sentence)

    def __str__(self) -> str:
        return str(self.sentence)


class IncompleteUnit(LearningError, Unprojectable):
    """A unit was published without saying how long it takes."""

    def __init__(self, title: str) -> None:
        self.title = title
        super().__init__(_("Say how many minutes the unit “%(title)s” takes before you publish it.") % {"title": title})


class EnrolmentRefused(LearningError):
    """Nobody can be enrolled at present."""


class CohortCalledOff(EnrolmentRefused):
    sentence = gettext_lazy("This cohort has been cancelled.")


class CohortOver(EnrolmentRefused):
    sentence = gettext_lazy("This cohort is over, so nothing in it can be changed any more.")


class EnrolmentClosed(EnrolmentRefused):
    sentence = gettext_lazy("Enrolment in this cohort has closed.")


class EnrolmentNotOpen(EnrolmentRefused):
    sentence = gettext_lazy("Enrolment in this cohort has not opened yet.")


class CohortFull(EnrolmentRefused):
    sentence = gettext_lazy("All seats are taken and this cohort keeps no waiting list.")


class NotCoordinator(LearningError):
    sentence = gettext_lazy("Only a coordinator of this city can do this. Ask to represent it first.")


class CityNotListed(LearningError):
    sentence = gettext_lazy("This city cannot be represented here. Choose another one from the list.")


class TooManyAtOnce(LearningError):
    """More new people than one step takes."""

    def __init__(self, most: int) -> None:
        words = ngettext(
            "At most %(number)d person can be enrolled at once.",
            "At most %(number)d people can be enrolled at once.",
            most,
        )
        super().__init__(words % {"number": most})


class TooManyDrafts(LearningError):
    sentence = gettext_lazy("Wait until you are approved as a coordinator before you enrol more people.")


class TeamEnds(LearningError):
    sentence = gettext_lazy("This team is about to be withdrawn. Keep it first, or wait until it is withdrawn.")


class InvitedTooOften(LearningError):
    """A city enrols some addresses over and over; those are named, so that the others need not wait for them."""

    def __init__(self, addresses: Iterable[str]) -> None:
        super().__init__(
            _("Enrolled several times today: %(addresses)s. Leave that out, or try again tomorrow.")
            % {"addresses": ", ".join(isolate(one) for one in addresses)}
        )


class AlreadyInTeam(LearningError):
    sentence = gettext_lazy("This address is already in your team.")


class CohortChanged(LearningError):
    """What somebody saves rests on facts that are others by now; `changed` names the fields."""

    sentence = gettext_lazy(
        "Somebody else has changed this cohort since you opened it. What you wrote is still here: look it over and "
        "save again."
    )

    def __init__(self, changed: Iterable[str]) -> None:
        self.changed = tuple(changed)
        super().__init__()


class NotApplied(LearningError):
    sentence = gettext_lazy("This application has been decided already.")


class NoSeatFree(LearningError):
    sentence = gettext_lazy("No seat is free. Raise the number of seats first.")


class NotInvited(LearningError):
    sentence = gettext_lazy("This invitation is not open any more. Ask your coordinator for a new one.")


class NotDecidedYet(LearningError):
    sentence = gettext_lazy("Your application waits for the moderators. You get a mail when they have decided.")


class NoSeatYet(LearningError):
    sentence = gettext_lazy("You are on the waiting list. We will write to you as soon as a seat is free.")


class SomebodyElse(LearningError):
    sentence = gettext_lazy("This invitation is for another address. Sign in with that one.")


class AccountClosed(LearningError):
    sentence = gettext_lazy("The account of this address is closed. Write to us to have it opened again.")


class JoinedAlready(LearningError):
    sentence = gettext_lazy("You take part in this cohort already.")


class AddressTaken(LearningError):
    sentence = gettext_lazy("Another account takes part in this cohort under your address. Write to us to sort it out.")


class RecordStays(LearningError):
    sentence = gettext_lazy("This enrolment has ended or is completed, so it stays as it is.")


class UnitNotOpen(LearningError):
    sentence = gettext_lazy("This unit is not open to you at present.")
