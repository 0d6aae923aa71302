"""The tokens socket: random bearer tokens, of which only digests are stored."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Protocol


class Role(StrEnum):
    """What a principal may do in a workspace.

    `job` is a running job's own, narrow right, `endpoint` that of a batch endpoint's key.
    """

    OWNER = "owner"
    CONTRIBUTOR = "contributor"
    READER = "reader"
    JOB = "job"
    ENDPOINT = "endpoint"


@dataclass(frozen=True)
class Principal:
    """Whom a token stands for: a name, a role, its workspace ("" is all).

    `job` is the one thing that a narrow role reaches: a job's own id, or an endpoint's name.
    """

    name: str
    role: Role
    workspace: str = ""
    job: str = ""


class TokenStore(Protocol):
    """Issues and checks tokens. Revocation acts within two seconds."""

    def issue(self, principal: Principal, lasts: timedelta | None = None) -> str:
        """Make a random token for a principal; only its digest is kept."""

    def check(self, token: str) -> Principal | None:
        """Give the principal of a token that is valid now."""

    def revoke(self, *, name: str) -> None:
        """End all tokens of a principal; nothing happens if it has none."""

    def end(self, token: str) -> None:
        """End one token; nothing happens if it is not valid."""

    def invite(self, principal: Principal, lasts: timedelta) -> str:
        """Make a code, no token itself, that `accept` changes into one of the principal."""

    def accept(self, code: str, lasts: timedelta) -> str | None:
        """Change a valid code into a token, else give None; of two calls one gets it."""
