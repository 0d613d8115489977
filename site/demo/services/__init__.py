"""The only writers of demo content."""
