"""What the services of municipalities refuse."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class LoadingProblem(Exception):
    """The data file cannot be loaded; the message says which line and why."""


class MembershipError(Exception):
    """A refusal of the domain; `sentence` says in the reader's language what is the matter and what to do."""

    sentence: str | Promise = ""

    def __init__(self, sentence: str | Promise | None = None) -> None:
        if sentence is not None:
            self.sentence = sentence
        super().__init__(self.sentence)

    def __str__(self) -> str:
        return str(self.sentence)


class NotRepresentable(MembershipError):
    sentence = _("This city cannot be represented here. Choose another one from the list.")


class NotYours(MembershipError):
    sentence = _("Only this city's coordinator or the site's staff can decide this, and nobody for themselves.")


class Gone(MembershipError):
    """Their person has deleted their account meanwhile, or it was kept long enough."""

    sentence = _("This request is gone.")


class MembershipGone(Gone):
    """The same of what need not be a request any more."""

    sentence = _("This membership is gone.")


class DecidedAlready(MembershipError):
    sentence = _("Somebody has decided this request already.")


class ChangedMeanwhile(MembershipError):
    sentence = _("The person has changed this request since you read it. Look at it again.")


class DecidedAndHeld(DecidedAlready):
    """Somebody has decided, it has not taken effect, and this would decide otherwise."""

    sentence = _("Somebody has decided this just now and can still take it back. Take that back first.")


class TooLateToTakeBack(MembershipError):
    sentence = _("This cannot be taken back any more: it has taken effect, or somebody has taken it back already.")


class NotRehearsed(MembershipError):
    """It would write to more than one person, and whoever decides has not read to whom and what, as it is now."""

    sentence = _("Whom this writes to, or what they read, has changed since you read it. Look at it again.")


class NotDecidedYet(MembershipError):
    """Only its person can take back what is asked."""

    sentence = _("This request waits for a decision: approve it, or decline it with a reason.")


class TeamNeedsCoordinator(MembershipError):
    sentence = _(
        "You are the only coordinator and your team takes part in a course. Make a colleague coordinator first, or "
        "withdraw the team."
    )


class TeamOutlastsCoordinators(MembershipError):
    sentence = _(
        "Your team takes part in a course for longer than any other coordinator stays. Make a colleague coordinator "
        "first, or withdraw the team."
    )


class RequestNeedsCoordinator(MembershipError):
    sentence = _(
        "You are the only coordinator and a colleague waits for your decision. Decide first, or make a colleague "
        "coordinator."
    )


class RequestOutlastsCoordinators(MembershipError):
    sentence = _(
        "A colleague waits for a decision, and afterwards nobody would be left to take it. Decide first, or make a "
        "colleague coordinator."
    )


class DecisionNeedsCoordinator(MembershipError):
    """All who wait are decided about already, which can still be taken back or come to nothing."""

    sentence = _(
        "What was decided about a colleague has not taken effect yet, and until then the team needs its coordinator. "
        "Wait for that, or make a colleague coordinator."
    )


class StandingChanged(MembershipError):
    sentence = _(
        "Somebody else has changed the standing of this city since you opened it. What you wrote is still here: look "
        "it over and save again."
    )


class IncompleteLocalGovernment(MembershipError):
    sentence = _("A listed local government needs its kind, world region and time zone.")


class EndsBeforeStart(MembershipError):
    sentence = _("The last day cannot lie before the first.")


class NotProposed(MembershipError):
    sentence = _("This city is not a proposal any more, so it can be neither accepted nor refused.")
