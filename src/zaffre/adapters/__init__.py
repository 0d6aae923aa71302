"""Plugs: one per outside system."""
