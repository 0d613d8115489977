"""The meeting's own address, kept away from pages, revisions, search and logs."""

from django.core.validators import URLValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

ONLY_HTTPS = _("Write the whole address of the meeting; it must begin with https://.")


def validate_link(url: str) -> None:
    """Refuse what browsers would not follow from the join page, whose policy lets its form lead to https alone."""
    URLValidator(schemes=["https"], message=ONLY_HTTPS)(url)


class JoinLink(models.Model):
    """Where an event meets online; only people who registered are led there, by the site's own join page."""

    translation_key = models.UUIDField(_("translation key"), unique=True, editable=False)
    url = models.URLField(_("meeting link"), max_length=2000, validators=[validate_link])

    class Meta:
        verbose_name = _("meeting link")
        verbose_name_plural = _("meeting links")
        constraints = [
            models.CheckConstraint(condition=~models.Q(url=""), name="events_join_link_has_url"),
        ]

    def __str__(self) -> str:
        # The address itself is a secret of those who registered, so it stays out of logs and titles.
        return str(_("Meeting link"))
