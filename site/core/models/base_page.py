"""The page that every page type extends."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel
from wagtail.models import Page
from wagtail_localize.fields import SynchronizedField


class BasePage(Page):
    """Content and an address, in one language; state lives in records beside it.

    Abstract, since wagtail-localize does not support a custom base page model.
    """

    summary = models.TextField(
        _("summary"),
        max_length=400,
        blank=True,
        help_text=_("One or two sentences: shown under the title, in listings and by search engines."),
    )
    sharing_image = models.ForeignKey(
        "core.Picture",
        verbose_name=_("sharing image"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text=_("Shown when somebody shares the page."),
    )

    content_panels = [*Page.content_panels, FieldPanel("summary")]
    promote_panels = [*Page.promote_panels, FieldPanel("sharing_image")]

    # An occasion keeps its address in every language; only the language prefix differs.
    override_translatable_fields = [SynchronizedField("slug")]

    # None: kept until purged. A page whose text depends on the clock says 60.
    cache_seconds: ClassVar[int | None] = None

    class Meta:
        abstract = True
