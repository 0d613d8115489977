"""Pages and records of the search app."""
