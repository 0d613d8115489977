"""The doors of the newsletter."""
