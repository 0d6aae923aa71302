"""Secrets at rest: AES-256-GCM with a key in a file of its own, each text bound to its row."""

from __future__ import annotations

import base64
import contextlib
import os
import secrets
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from zaffre.errors import Failed

NONCE = 12
"""Bytes of a nonce (NIST SP 800-38D recommends 96 bits)."""


class FileSecrets:
    """Seals text with the key of a file (the `Secrets` socket)."""

    def __init__(self, path: Path) -> None:
        self._cipher = AESGCM(_key(path))

    def seal(self, text: str, bound_to: str) -> str:
        """Encrypt a text under a fresh nonce."""
        nonce = secrets.token_bytes(NONCE)
        sealed = self._cipher.encrypt(nonce, text.encode(), bound_to.encode())
        return base64.b64encode(nonce + sealed).decode()

    def open(self, sealed: str, bound_to: str) -> str:
        """Decrypt a text and check that it belongs here."""
        try:
            raw = base64.b64decode(sealed, validate=True)
            return self._cipher.decrypt(raw[:NONCE], raw[NONCE:], bound_to.encode()).decode()
        except (InvalidTag, ValueError):
            raise Failed(
                f"The secret of {bound_to} cannot be opened.",
                hint="It was sealed with another key: restore the home's `secret.key`.",
            ) from None


def _key(path: Path) -> bytes:
    """Read the master key, or make it (mode 0600) where there is none yet."""
    if not path.exists():
        made = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
        with os.fdopen(os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(AESGCM.generate_key(256))
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(made, path)
        made.unlink()
    return path.read_bytes()
