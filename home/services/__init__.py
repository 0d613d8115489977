"""The only writers of the home app."""

from home.services.founding import found_site

__all__ = ["found_site"]
