"""Verbs: what can be done, as plain functions on a context."""
