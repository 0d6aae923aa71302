"""Bearer tokens on SQL: random text outside, a digest inside."""

from __future__ import annotations

import hashlib
import secrets
import threading
from collections import OrderedDict
from datetime import timedelta

from sqlalchemy import Connection, delete, insert, select, update

from zaffre.ports.clock import Clock
from zaffre.ports.tokens import Principal, Role
from zaffre.store.database import Database
from zaffre.store.resource_rows import micros
from zaffre.store.resource_tables import tokens

REMEMBERED = 1.5
"""Seconds for which a checked token is believed without asking the database."""
CACHED = 4096
INVITED = "invite:"
"""What comes before the digest of a code: no digest of a token is like it."""


def _new_token() -> str:
    return f"zaf_{secrets.token_urlsafe(32)}"


def digest_of(token: str) -> str:
    """Give what is stored of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


class SqlTokens:
    """Keeps the digests of tokens (the `TokenStore` socket)."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._lock = threading.Lock()
        self._known: OrderedDict[str, tuple[float, Principal | None]] = OrderedDict()

    def issue(self, principal: Principal, lasts: timedelta | None = None) -> str:
        """Make a token of 256 random bits."""
        token = _new_token()
        self.admit(token, principal, lasts)
        return token

    def admit(self, token: str, principal: Principal, lasts: timedelta | None = None) -> None:
        """Let a token made elsewhere (the home's own) stand for a principal; again is harmless."""
        digest = digest_of(token)
        row = self._row(digest, principal, lasts)

        def write(connection: Connection) -> None:
            connection.execute(delete(tokens).where(tokens.c.digest == digest))
            connection.execute(insert(tokens).values(row))

        self._database.write(write)
        with self._lock:
            self._known.pop(digest, None)

    def check(self, token: str) -> Principal | None:
        """Give whom a token stands for, from memory where it was asked a moment ago."""
        digest = digest_of(token)
        now = self._clock.monotonic()
        with self._lock:
            known = self._known.get(digest)
        if known and known[0] > now:
            return known[1]
        principal = self._look_up(digest)
        with self._lock:
            self._known[digest] = (now + REMEMBERED, principal)
            self._known.move_to_end(digest)
            while len(self._known) > CACHED:
                self._known.popitem(last=False)
        return principal

    def end(self, token: str) -> None:
        """Delete one token."""
        digest = digest_of(token)
        self._database.write(
            lambda connection: connection.execute(delete(tokens).where(tokens.c.digest == digest))
        )
        with self._lock:
            self._known.clear()

    def invite(self, principal: Principal, lasts: timedelta) -> str:
        """Keep the digest of a code where no token's is looked for."""
        code = secrets.token_urlsafe(32)
        row = self._row(f"{INVITED}{digest_of(code)}", principal, lasts)
        self._database.write(lambda connection: connection.execute(insert(tokens).values(row)))
        return code

    def accept(self, code: str, lasts: timedelta) -> str | None:
        """Give the code's row to a new token; only one call finds it."""
        token = _new_token()
        now = self._clock.now()
        valid = (tokens.c.digest == f"{INVITED}{digest_of(code)}", tokens.c.until > micros(now))
        values = {"digest": digest_of(token), "until": micros(now + lasts)}

        def write(connection: Connection) -> int:
            ended = tokens.c.until.is_not(None) & (tokens.c.until <= micros(now))
            connection.execute(delete(tokens).where(ended))
            return connection.execute(update(tokens).where(*valid).values(values)).rowcount

        return token if self._database.write(write) == 1 else None

    def _row(
        self, digest: str, principal: Principal, lasts: timedelta | None
    ) -> dict[str, str | int | None]:
        now = self._clock.now()
        return {
            "digest": digest,
            "name": principal.name,
            "role": principal.role.value,
            "workspace": principal.workspace,
            "job": principal.job,
            "until": micros(now + lasts) if lasts else None,
            "created_at": micros(now),
        }

    def _look_up(self, digest: str) -> Principal | None:
        with self._database.glance() as connection:
            row = connection.execute(select(tokens).where(tokens.c.digest == digest)).first()
        if row is None or (row.until is not None and row.until <= micros(self._clock.now())):
            return None
        return Principal(row.name, Role(row.role), row.workspace, row.job)

    def revoke(self, *, name: str) -> None:
        """Delete all tokens of a principal."""
        self._database.write(
            lambda connection: connection.execute(delete(tokens).where(tokens.c.name == name))
        )
        with self._lock:
            self._known.clear()
