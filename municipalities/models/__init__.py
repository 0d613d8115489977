"""Pages and records of the municipalities app."""
