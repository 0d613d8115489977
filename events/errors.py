"""What the services refuse; each error carries the sentence that the person reads."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from core.meanwhile import CHANGED_MEANWHILE
from core.projection import Unprojectable
from events.enums import JoinState


class EventError(Exception):
    """A refusal of the domain; `sentence` says in the reader's language what is the matter and what to do."""

    sentence: str | Promise = ""

    def __init__(self, sentence: str | Promise | None = None) -> None:
        if sentence is not None:
            self.sentence = sentence
        super().__init__(self.sentence)

    def __str__(self) -> str:
        return str(self.sentence)


class IncompleteSchedule(EventError, Unprojectable):
    sentence = _("Give the event a start, an end after the start, and a time zone before you publish it.")


class AddressTaken(EventError, Unprojectable):
    sentence = _("Another published event has this address already. Choose another slug.")


class RegistrationRefused(EventError):
    """Nobody can register at present."""


class EventCancelled(RegistrationRefused):
    sentence = _("This event has been cancelled, so you cannot register any more.")


class EventPast(RegistrationRefused):
    sentence = _("This event has started or is over, so you cannot register any more.")


class RegistrationClosed(RegistrationRefused):
    sentence = _("Registration for this event has closed.")


class RegistrationNotOpen(RegistrationRefused):
    sentence = _("Registration for this event has not opened yet.")


class EventFull(RegistrationRefused):
    sentence = _("All seats are taken and this event keeps no waiting list.")


class AccountEnding(RegistrationRefused):
    sentence = _("This account is being deleted. To register all the same, come back without signing in.")


class NotWaiting(EventError):
    sentence = _("This registration is not on the waiting list.")


class NoSeatFree(EventError):
    sentence = _(
        "No seat is free, and free seats go to those ahead first. Raise the capacity by one seat for each person who"
        " waits before this one, and by one more."
    )


class TooLateForSeat(EventError):
    sentence = _("This event has been cancelled or has begun, so nobody moves up from the waiting list any more.")


class EventOver(EventError):
    sentence = _("This event is over, so the registration can no longer be changed.")
    of_event = _("This event is over, so it can no longer be cancelled or restored.")


class LinksStay(EventError):
    sentence = _("New links are for those who have a seat, or wait for one, at an event that is still to come.")


class ReminderTwice(EventError):
    sentence = _("There is a reminder for this time and these people already.")


class ReminderWithoutDate(EventError):
    sentence = _("Publish the event first: until then, its reminders have no date.")


class ReminderOver(EventError):
    sentence = _("The time of this reminder has passed, so it would reach nobody. Choose a later time.")


class NotKnownYet(EventError):
    sentence = _("Who was there is known after the end. Choose a time after the end of the event.")


class ReminderArmed(EventError):
    sentence = _("This reminder is armed or has been sent already, so it stays.")


class ReminderChanged(EventError):
    """What somebody saves, or lets leave, rests on a time, people or words that are others by now."""

    sentence = CHANGED_MEANWHILE
    of_dry_run = _(
        "The reminder has been changed since this dry run was shown. Below it stands as it is now: look at it, then "
        "press the button again."
    )


class WordsNotYours(EventError):
    """The reminder has words of its own by now, and whoever arms it may not write to everybody."""


class EventOverForMessages(EventError):
    sentence = _("This event has been cancelled or is long over, so nobody is written to any more.")


class MessageGone(EventError):
    sentence = _("This message has not been sent, so there is nothing to take back.")


class NotJoinable(EventError):
    """Nobody is led into the meeting now; `state` says why."""

    sentence = _("You cannot join this event at present.")

    def __init__(self, state: JoinState) -> None:
        self.state = state
        super().__init__()
