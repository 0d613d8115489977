"""Pages and records of the home app."""
