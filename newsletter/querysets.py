"""The named reads of subscribers."""

from collections.abc import Iterable

from django.db.models import Exists, OuterRef, QuerySet

from newsletter.enums import SubscriberState


class SubscriberQuerySet(QuerySet):
    def confirmed(self) -> "SubscriberQuerySet":
        """Return those who get the newsletter."""
        return self.filter(state=SubscriberState.CONFIRMED)

    def reading(self, language: str) -> "SubscriberQuerySet":
        """Return those who asked for the newsletter in `language`."""
        return self.filter(language=language)

    def interested_in(self, slugs: Iterable[str]) -> "SubscriberQuerySet":
        """Return those who chose one of these topics, and those who chose none, since they want to hear of all."""
        same = self.model._default_manager.filter(pk=OuterRef("pk"))
        chose_some = Exists(same.filter(interests__isnull=False))
        return self.filter(~chose_some | Exists(same.filter(interests__slug__in=list(slugs))))
