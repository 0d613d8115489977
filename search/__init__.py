"""The search app."""
