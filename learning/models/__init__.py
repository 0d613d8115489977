"""Pages and records of the learning app."""
