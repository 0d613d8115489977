"""The municipalities app."""
