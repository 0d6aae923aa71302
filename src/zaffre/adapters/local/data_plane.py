"""Ask the gateway of this machine over HTTP."""

from __future__ import annotations

import http.client
import time
from urllib.parse import quote

from zaffre.errors import Unavailable
from zaffre.ports.data_plane import Call, Reply

TIMEOUT = 120.0
LARGEST = 32 * 2**20
"""Bytes of an answer that are read."""


class GatewayDataPlane:
    """The gateway at an address, asked by one connection for each call."""

    def __init__(self, authority: str) -> None:
        self._authority = authority

    def ask(self, call: Call) -> Reply:
        """Send a request and wait for the answer, whatever its status.

        Raises:
            Unavailable: nobody answers there, or not in time.
        """
        connection = http.client.HTTPConnection(self._authority, timeout=TIMEOUT)
        headers = {**call.headers, "Authorization": f"Bearer {call.key}", "Connection": "close"}
        start = time.monotonic()
        try:
            path = f"/{quote(call.endpoint, safe='')}/{call.path}"
            connection.request(call.method, path, call.body or None, headers)
            answer = connection.getresponse()
            body = answer.read(LARGEST)
        except (OSError, http.client.HTTPException) as error:
            raise Unavailable(
                f"The gateway does not answer: {type(error).__name__} {error}.",
                hint="`zaffre status` says what runs.",
            ) from error
        finally:
            connection.close()
        took = time.monotonic() - start
        found = {name.lower(): value for name, value in answer.getheaders()}
        return Reply(answer.status, found, body, took)
