"""Download an address that an input names, with the job's own rights and within bounds."""

from __future__ import annotations

import contextlib
import importlib
import os
import threading
import time
from collections.abc import Callable

TYPE_CHECKING = False
if TYPE_CHECKING:  # typing takes long to load, and every job would wait for it
    from typing import Any

_CHUNK = 2**18
_QUIET = 30.0
_TICK = 0.1
_TRIES = 3
_SERVER_FAULT = 500


def fetch(url: str, place: str, *, limit: int, check: Callable[[], None]) -> None:
    """Write what is at an `http(s)` address to a file.

    Raises:
        ValueError: it could not be had; the message says why.
    """
    if not url.startswith(("https://", "http://", "file:///")):
        raise ValueError(f"`{url}` is no address that a job can download.")
    reason = ""
    for attempt in range(_TRIES):
        try:
            _in_thread(lambda: _download(url, place, limit, check), check)
        except OSError as error:
            reason = _reason(error)
            with contextlib.suppress(FileNotFoundError):
                os.unlink(place)
            if getattr(error, "code", _SERVER_FAULT) < _SERVER_FAULT:
                break
            check()
            time.sleep(0.2 * 4**attempt if attempt + 1 < _TRIES else 0)
        else:
            return
    raise ValueError(f"`{url}` could not be downloaded: {reason}.")


def _in_thread(act: Callable[[], None], check: Callable[[], None]) -> None:
    """Act in a thread, so that a wish to stop is heard while a server keeps silent."""
    caught: list[BaseException] = []

    def run() -> None:
        try:
            act()
        except BaseException as error:  # noqa: BLE001 - handed to the one who waits
            caught.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    while thread.is_alive():
        thread.join(_TICK)
        check()
    if caught:
        raise caught[0]


def _download(url: str, place: str, limit: int, check: Callable[[], None]) -> None:
    # Loaded here: it takes longer than all the rest of the launcher, and few jobs need it.
    request = importlib.import_module("urllib.request")
    with request.urlopen(url, timeout=_QUIET) as answer, open(place, "wb") as file:
        expected = _length(answer)
        size = 0
        while data := answer.read(_CHUNK):
            check()
            size += len(data)
            if size > limit:
                raise ValueError(f"`{url}` is larger than the limit of {limit} bytes.")
            file.write(data)
        if expected is not None and size != expected:
            raise OSError(f"the connection ended after {size} of {expected} bytes")


def _length(answer: Any) -> int | None:
    text = answer.headers.get("Content-Length")
    return int(text) if text and text.isdigit() else None


def _reason(error: OSError) -> str:
    code = getattr(error, "code", None)
    if code is not None:
        return f"the server answered {code}"
    return str(getattr(error, "reason", None) or error.strerror or error)
