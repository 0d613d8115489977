"""Named reads of local governments."""

from django.db import models

from core.folding import fold
from municipalities.enums import Standing
from municipalities.m49 import subregions_of


class LocalGovernmentQuerySet(models.QuerySet):
    def listed(self) -> "LocalGovernmentQuerySet":
        """Keep those of the public directory."""
        return self.filter(standing=Standing.ACTIVE)

    def pending(self) -> "LocalGovernmentQuerySet":
        """Keep those that somebody proposed and nobody has checked yet."""
        return self.filter(standing=Standing.PENDING)

    def with_label(self) -> "LocalGovernmentQuerySet":
        """Keep those that hold the EU Mission Label."""
        return self.filter(label_date__isnull=False)

    def mission_cities(self) -> "LocalGovernmentQuerySet":
        """Keep the cities of the EU Mission, labelled or not."""
        return self.filter(is_mission_city=True)

    def pilots(self) -> "LocalGovernmentQuerySet":
        """Keep the pilot cities of UP2030."""
        return self.filter(is_up2030_pilot=True)

    def in_country(self, code: str) -> "LocalGovernmentQuerySet":
        """Keep those of a country, by its ISO 3166-1 alpha-2 code."""
        return self.filter(country=code.upper())

    def in_subregion(self, code: str) -> "LocalGovernmentQuerySet":
        """Keep those of a UN M49 sub-region, such as "154"."""
        return self.filter(subregion__vocabulary="world-subregion", subregion__slug=code)

    def in_region(self, code: str) -> "LocalGovernmentQuerySet":
        """Keep those of a UN M49 region, such as "150"; none for an unknown code."""
        return self.filter(subregion__vocabulary="world-subregion", subregion__slug__in=subregions_of(code))

    def on_map(self) -> "LocalGovernmentQuerySet":
        """Keep those whose place is known."""
        return self.filter(latitude__isnull=False)

    def named_like(self, text: str) -> "LocalGovernmentQuerySet":
        """Keep those with a name, in any language, that contains each word of `text`; accents do not matter."""
        found = self
        for word in fold(text).split(" "):
            found = found.filter(folded_names__contains=word)
        return found

    def for_display(self) -> "LocalGovernmentQuerySet":
        """Fetch with each its kind, sub-region and contract status, in the same statement."""
        return self.select_related("kind", "subregion", "ccc_status")
