"""What can go wrong with people, as sentences that a person can be shown."""

from django.utils.translation import gettext_lazy as _


class AccountsError(Exception):
    """A refusal of this app; `sentence` says what to do, in the active language."""

    sentence = _("This could not be done.")

    def __str__(self) -> str:
        return str(self.sentence)


class AddressTaken(AccountsError):
    """Somebody has an account under this address. For staff and programs: visitors must not be told."""

    sentence = _("There is an account with this e-mail address already: search for it in the list of people.")


class PersonChanged(AccountsError):
    """What somebody saves rests on an address or rights that are others by now."""

    sentence = _(
        "Somebody else has changed this person’s address, access or groups since you opened this form. They stand "
        "here as they are now: look them over and save again."
    )


class UnknownGroup(AccountsError):
    """A group was named that does not exist."""

    sentence = _("There is no group of this name.")


class UnknownAddressee(AccountsError):
    """A decision was to be recorded about nobody."""

    sentence = _("Say whose decision it is: a person or an e-mail address.")


class NobodyFound(AccountsError):
    """A request is about somebody of whom nothing is kept, or no longer. For staff, programs and the person."""

    sentence = _("We keep nothing about this person.")


class LastAdministrator(AccountsError):
    """The only administrator was to be erased."""

    sentence = _("This is the only administrator. Make somebody else an administrator first.")
