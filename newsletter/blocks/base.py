"""What every block of an issue can do besides showing itself on the web: say the same in a mail."""

from typing import Any

from wagtail.models import Page


class MailBlock:
    """A block with `mail_template` in its Meta: the pair `<mail_template>.mjml` and `<mail_template>.txt`.

    Put it before Wagtail's block among the bases.
    """

    def said(self, value: Any, language: str) -> dict[str, Any] | None:
        """Return what the mail templates show, for a reader of `language`, which is active; None to be left out.

        Addresses must have scheme and host.
        """
        return dict(value)

    def is_silent(self, value: Any, language: str) -> bool:
        """Whether the mail would leave this block out; asked by pages that only look, so it must write nothing."""
        return self.said(value, language) is None

    def left_out(self, value: Any) -> list[Page]:
        """Return the chosen pages that nothing in the mail leads to, since not everybody can read them."""
        return []
