"""What a call brings with it to be known by: a bearer token, or the cookie of a session."""

from __future__ import annotations

import base64
import binascii

from starlette.datastructures import Headers
from starlette.requests import cookie_parser

SAFE = frozenset({"GET", "HEAD"})
"""Methods that change nothing."""


def token_of(method: str, headers: Headers) -> str:
    """Give the token that a call comes with: the header's, else that of the studio's session."""
    if "authorization" in headers or not _from_studio(method, headers):
        return _bearer(headers)
    return cookie_parser(headers.get("cookie", "")).get(session_cookie(headers["host"]), "")


def session_cookie(host: str) -> str:
    """Name the cookie of a session; ports of one machine share their cookies, so it says which."""
    return f"zaffre_session_{host.rpartition(':')[2]}"


def _from_studio(method: str, headers: Headers) -> bool:
    """Say whether a call is the studio's own; its origin, where it has one, was checked before.

    A page on another port of this machine is the same site to a browser, which sends the cookie.
    """
    site = headers.get("sec-fetch-site")
    if site is None:
        return method in SAFE or "origin" in headers
    return site == "same-origin" or (site == "none" and method in SAFE)


def _bearer(headers: Headers) -> str:
    """Give the token of the Authorization header: Bearer, or the password of Basic."""
    scheme, _, value = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return value.strip()
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(value, validate=True).decode().partition(":")[2]
        except (binascii.Error, UnicodeDecodeError):
            return ""
    return ""
