"""Asking a server that is killed meanwhile, and killing it and its gateway."""

from __future__ import annotations

import json
import os
import signal
import time
import urllib.error
from collections.abc import Callable
from contextlib import suppress
from hashlib import sha256
from http import HTTPStatus
from typing import Any

from attacks.calling import Raw
from running import Server

WS = "/api/v1/workspaces/default"


def until(found: Callable[[], Any], what: str, seconds: float = 60) -> Any:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with suppress(OSError, ValueError, KeyError):
            if result := found():
                return result
        time.sleep(0.05)
    raise AssertionError(f"not within {seconds} s: {what}")


def once(server: Server, path: str, body: Any) -> None:
    """Ask for something until it is there, also if only the answer was lost."""

    def ask() -> bool:
        try:
            server.call("POST", path, body)
        except urllib.error.HTTPError as error:
            return error.code == HTTPStatus.CONFLICT
        return True

    until(ask, f"POST {path}")


def upload(server: Server, name: str, text: str) -> str:
    """Store a file, and give the digest of the tree that holds it alone."""
    raw, content = Raw(server.url), text.encode()
    digest = f"sha256:{sha256(content).hexdigest()}"
    raw.call("PUT", f"{WS}/blobs/{digest}", body=content, token=server.token)
    raw.close()
    files = [[name, digest, len(content), 420]]
    return str(server.call("POST", f"{WS}/trees", {"files": files})["digest"])


def kill_gateway(server: Server) -> None:
    status = json.loads((server.home / "run" / "gateway-status.json").read_text())
    with suppress(ProcessLookupError):
        os.kill(int(status["pid"]), signal.SIGKILL)
