"""Addresses of the newsletter."""
