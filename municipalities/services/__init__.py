"""The only writers of local governments."""

from municipalities.services.loading import Loaded, load_cities

__all__ = ["Loaded", "load_cities"]
