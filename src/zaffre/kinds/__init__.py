"""Nouns: the pure types of everything a workspace holds."""
