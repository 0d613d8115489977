"""What the site says about itself, once in each language."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from wagtail.fields import RichTextField

from core import languages


class SiteTextQuerySet(models.QuerySet["SiteText"]):
    def for_reader(self, language: str) -> "SiteText | None":
        """Return the texts in `language`, or else in the first of its fallbacks that has them."""
        texts = {text.language: text for text in self}
        return next((texts[code] for code in languages.fallback_chain(language) if code in texts), None)


class SiteText(models.Model):
    """The funding statement, privacy notice, accessibility statement and contact in one language."""

    language = models.CharField(_("language"), max_length=8, unique=True)
    organisation = models.CharField(_("organisation"), max_length=200)
    tagline = models.CharField(_("tagline"), max_length=200, blank=True)
    funding_statement = models.TextField(
        _("funding statement"),
        help_text=_("Stands beside the European emblem on every page and in every mail."),
    )
    privacy = RichTextField(_("privacy notice"), features=["h2", "h3", "bold", "italic", "ol", "ul", "link"])
    accessibility = RichTextField(
        _("accessibility statement"), features=["h2", "h3", "bold", "italic", "ol", "ul", "link"]
    )
    contact = RichTextField(_("contact"), features=["h2", "h3", "bold", "italic", "ol", "ul", "link"])
    updated_at = models.DateTimeField(_("last changed"), auto_now=True)

    objects = SiteTextQuerySet.as_manager()

    class Meta:
        verbose_name = _("site texts")
        verbose_name_plural = _("site texts")
        ordering = ["language"]

    def __str__(self) -> str:
        return languages.own_name(self.language)
