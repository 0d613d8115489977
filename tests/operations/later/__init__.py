"""A migration of a later release (tests/operations/test_migrating.py)."""
