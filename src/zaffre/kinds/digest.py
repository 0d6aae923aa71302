"""Digests of content at hand, and their hexadecimal digits."""

from __future__ import annotations

import hashlib

from zaffre.kinds import names


def digest_of(content: bytes) -> str:
    """Give the digest of content at hand."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def is_digest(text: str) -> bool:
    """Say whether a text is a digest, exactly."""
    return names.DIGEST.match(text) is not None


def hex_of(digest: str) -> str:
    """Give the hex digits of a digest.

    Raises:
        Invalid: the text is no digest.
    """
    return names.digest(digest).removeprefix("sha256:")
