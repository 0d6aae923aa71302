"""A package with nothing of its own in it."""
