"""Template tags of municipalities."""
