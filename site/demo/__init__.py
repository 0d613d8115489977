"""Deterministic demo content and the pages under /dev/; never in production."""
