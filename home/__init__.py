"""The home app."""
