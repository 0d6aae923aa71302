"""Environments built by uv, one folder each, by a child process that outlives the server."""

from zaffre.adapters.uv.builder import BuilderSettings, UvBuilder

__all__ = ["BuilderSettings", "UvBuilder"]
