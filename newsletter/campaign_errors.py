"""What the services of campaigns refuse; each error carries the sentence that staff read."""

from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django.utils.functional import Promise


class CampaignError(Exception):
    """A refusal; `sentence` says in the reader's language what is the matter and what to do."""

    sentence: "str | Promise" = ""

    def __str__(self) -> str:
        return str(self.sentence)


class IssueNotPublished(CampaignError):
    sentence = _("This issue is not published in any language. Publish it first.")


class NobodyToWrite(CampaignError):
    sentence = _("Nobody would get this: choose a wider audience.")


class AnotherUnderWay(CampaignError):
    sentence = _("Another campaign sends this issue already. Wait until it has ended, or cancel it.")


class RehearsedOtherwise(CampaignError):
    """What staff looked at before they pressed the button is not what would leave."""

    sentence = _(
        "The audience or the issue has been changed since this dry run was shown. Below it stands as it is now: look "
        "at it, then press the button again."
    )


class MomentPassed(CampaignError):
    sentence = _("This moment has passed. Choose a later one, or none to send soon.")


class CampaignFrozen(CampaignError):
    sentence = _("This campaign has been started, so its audience stays as it is.")


class CampaignNotUnderWay(CampaignError):
    sentence = _("This campaign is not under way, so there is nothing to pause, resume or cancel.")
