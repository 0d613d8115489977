"""Pages and records of the home app."""

from home.models.pages import HomePage, SectionPage
from home.models.site_text import SiteText

__all__ = ["HomePage", "SectionPage", "SiteText"]
