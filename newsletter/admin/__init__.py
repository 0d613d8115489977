"""The staff's screens of the newsletter."""
