"""Pages and records of the mail app."""
