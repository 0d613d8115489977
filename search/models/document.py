"""What search knows of a page: its words, and the vector that PostgreSQL makes of them."""

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.contrib.postgres.search import SearchVector, SearchVectorField
from django.db import models
from django.db.models import Case, Q, When
from django.db.models.expressions import CombinedExpression
from django.utils.translation import gettext_lazy as _

from search import configurations
from search.enums import Kind


def _weighted(language: str) -> CombinedExpression:
    """Return the vector of a document in its own language's configuration; the title weighs most."""
    config = configurations.name(language)
    return (
        SearchVector("title", weight="A", config=config)
        + SearchVector("summary", weight="B", config=config)
        + SearchVector("body", weight="D", config=config)
    )


class SearchDocument(models.Model):
    """A public page as search finds it; `search.services` writes it, and it can always be made anew.

    It holds no address and no right to be seen: both are asked of the page itself, so that a moved page is found where
    it is and a page made private is not found at all.
    """

    page = models.OneToOneField(
        "wagtailcore.Page", verbose_name=_("page"), on_delete=models.CASCADE, related_name="search_document"
    )
    translation_key = models.UUIDField(_("translation key"), db_index=True)
    language = models.CharField(_("language"), max_length=8)
    kind = models.CharField(_("kind"), max_length=16, choices=Kind.choices)
    title = models.TextField(_("title"))
    summary = models.TextField(_("summary"), blank=True)
    body = models.TextField(_("text"), blank=True)
    folded = models.TextField(
        _("words, folded"), help_text=_("Each once, for finding what was meant by a typing error.")
    )
    revision_id = models.BigIntegerField(_("indexed revision"), null=True)
    updated_at = models.DateTimeField(_("page last published"), null=True)
    vector = models.GeneratedField(
        expression=Case(
            *(When(language=language, then=_weighted(language)) for language in configurations.LANGUAGES),
            output_field=SearchVectorField(),
        ),
        output_field=SearchVectorField(),
        db_persist=True,
    )

    class Meta:
        verbose_name = _("search document")
        verbose_name_plural = _("search documents")
        indexes = [
            GinIndex(fields=["vector"], name="search_document_vector"),
            GinIndex(OpClass("folded", name="gin_trgm_ops"), name="search_document_folded"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(language__in=configurations.LANGUAGES), name="search_document_language_has_vector"
            ),
            models.CheckConstraint(condition=Q(kind__in=Kind.values), name="search_document_kind_known"),
        ]

    def __str__(self) -> str:
        return f"{self.title} ({self.language})"
