"""Zaffre: a managed machine-learning workspace that you own."""

__version__ = "0.1.0"
