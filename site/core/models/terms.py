"""Controlled vocabularies: terms whose slug is the same in every language, with a label in each."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from core import languages


class TermQuerySet(models.QuerySet):
    def of(self, vocabulary: str) -> "TermQuerySet":
        """Return the terms of one vocabulary, in their order."""
        return self.filter(vocabulary=vocabulary)

    def active(self) -> "TermQuerySet":
        """Leave out the terms that staff have retired."""
        return self.filter(is_active=True)

    def choices(self, vocabulary: str) -> list[tuple[str, str]]:
        """Return (slug, label in the active language) of each active term, in the vocabulary's order; one query."""
        return [(term.slug, term.label) for term in self.of(vocabulary).active()]

    def labelled_like(self, text: str) -> "TermQuerySet":
        """Return the terms with a slug or a label, in any language, that contains `text`."""
        # Label by label: the text of all of them holds the codes of the languages too, so "en" would find every term.
        found = models.Q(slug__icontains=text)
        for code in languages.codes():
            found |= models.Q(**{f"labels__{code}__icontains": text})
        return self.filter(found)


class Term(models.Model):
    """One entry of a controlled vocabulary."""

    vocabulary = models.SlugField(_("vocabulary"), max_length=40)
    slug = models.SlugField(_("slug"), max_length=60, allow_unicode=False)
    order = models.PositiveSmallIntegerField(_("order"), default=0)
    is_active = models.BooleanField(_("active"), default=True)
    labels = models.JSONField(_("labels"), default=dict)
    note = models.CharField(_("note"), max_length=200, blank=True)

    objects = TermQuerySet.as_manager()

    class Meta:
        verbose_name = _("term")
        verbose_name_plural = _("terms")
        ordering = ["vocabulary", "order", "slug"]
        constraints = [
            models.UniqueConstraint(fields=["vocabulary", "slug"], name="core_term_once_per_vocabulary"),
            models.CheckConstraint(condition=models.Q(labels__has_key="en"), name="core_term_has_english_label"),
        ]

    def __str__(self) -> str:
        return self.label

    @property
    def label(self) -> str:
        """The label in the active language, or else in the first language that has one."""
        return self.label_in(languages.current())

    def label_in(self, language: str) -> str:
        """Return the label in `language`, or else in the first of its fallbacks that has one."""
        for code in languages.fallback_chain(language):
            if self.labels.get(code):
                return self.labels[code]
        return self.slug
