"""Pages and records of the events app."""
