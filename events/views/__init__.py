"""The public addresses of events that are not pages."""
