"""Who may call what: decided from values alone."""

from __future__ import annotations

import hashlib
import hmac
from enum import Enum
from typing import NamedTuple

from zaffre.runtime.gateway.configuration import Configuration, Endpoint

NOBODY = (bytes(32),)
ASK_LINE = b"www-authenticate: Bearer\r\n"
WRONG_KEY = "The key is missing or wrong. Send it as `Authorization: Bearer KEY`."
NO_METRICS = (
    "The token is missing or wrong. Send the one in the home's file `metrics-token` as"
    " `Authorization: Bearer TOKEN`."
)
NO_PAGE = (
    "The requested URL was not found on the server. If you entered the URL manually please check"
    " your spelling and try again."
)
NO_METHOD = "The method is not allowed for the requested URL."


class Page(Enum):
    """What an address stands for."""

    SCORE = b"score"
    SWAGGER = b"swagger.json"
    HEALTH = b""
    INVOCATIONS = b"invocations"
    PING = b"ping"
    MLFLOW_HEALTH = b"health"
    VERSION = b"version"
    SERVER = b"v2"
    LIVE = b"v2/health/live"
    READY = b"v2/health/ready"
    MODEL = b"v2/models/NAME"
    MODEL_READY = b"v2/models/NAME/ready"
    INFER = b"v2/models/NAME/infer"


MODELS = b"v2/models/"
READ = (b"GET", b"HEAD")
METHODS = {
    **dict.fromkeys(Page, READ),
    Page.SCORE: (b"POST", b"GET", b"OPTIONS"),
    Page.INVOCATIONS: (b"POST",),
    Page.INFER: (b"POST",),
}
ALLOW = {page: b"allow: " + b", ".join(methods) + b"\r\n" for page, methods in METHODS.items()}
PAGES = {page.value: page for page in Page}


class Refusal(NamedTuple):
    """A status, what to say, and more header lines."""

    status: int
    text: str
    lines: bytes = b""


class Target(NamedTuple):
    """An endpoint and the page of it that is called."""

    endpoint: Endpoint
    page: Page


def host_is_known(host: bytes | None, hosts: frozenset[str]) -> bool:
    """Tell whether a Host header names this gateway, with or without the port."""
    if host is None:
        return False
    name = host.decode("latin-1").lower()
    return name in hosts or name.rpartition(":")[0] in hosts


def key_fits(authorization: bytes | None, keys: tuple[bytes, ...]) -> bool:
    """Compare a bearer key with the digests of an endpoint's keys; takes as long for every one."""
    scheme, _, key = (authorization or b"").partition(b" ")
    digest = hashlib.sha256(key.strip()).digest()
    fits = False
    for known in keys or NOBODY:
        fits |= hmac.compare_digest(digest, known)
    return fits and scheme.lower() == b"bearer"


def target_of(
    method: bytes, path: bytes, authorization: bytes | None, configuration: Configuration
) -> Target | Refusal:
    """Say what a call is for.

    The key is checked first: without a valid one an unknown endpoint looks like a known one.
    """
    name, _, rest = path[1:].partition(b"/")
    endpoint = configuration.endpoints.get(name.decode("latin-1"))
    if not key_fits(authorization, endpoint.keys if endpoint else NOBODY) or endpoint is None:
        return Refusal(401, WRONG_KEY, ASK_LINE)
    page = PAGES.get(rest) or _page_of_model(rest)
    if page is None:
        return Refusal(404, NO_PAGE)
    if method not in METHODS[page]:
        return Refusal(405, NO_METHOD, ALLOW[page])
    return Target(endpoint, page)


def _page_of_model(rest: bytes) -> Page | None:
    """Give the page of an address with a model's name in it."""
    if not rest.startswith(MODELS):
        return None
    name, slash, action = rest.removeprefix(MODELS).partition(b"/")
    return PAGES.get(MODELS + b"NAME" + slash + action) if name else None


def model_of(path: bytes) -> str:
    """Give the model's name in the address of a page that has one, and otherwise nothing."""
    parts = path.split(b"/")
    return parts[4].decode("latin-1") if len(parts) > 4 else ""  # noqa: PLR2004 - /ENDPOINT/v2/models/NAME


def metrics_refusal(
    method: bytes, authorization: bytes | None, configuration: Configuration
) -> Refusal | None:
    """Say why a caller may not read the metrics; without a token in the configuration none may."""
    if not key_fits(authorization, configuration.metrics_keys):
        return Refusal(401, NO_METRICS, ASK_LINE)
    if method not in METHODS[Page.HEALTH]:
        return Refusal(405, NO_METHOD, ALLOW[Page.HEALTH])
    return None
