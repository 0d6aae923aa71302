"""Captured traffic: the journal that the gateway writes, and how it becomes tables."""
