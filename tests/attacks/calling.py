"""A client that sends exactly what it is told: any method, any spelling of a path, any header."""

from __future__ import annotations

import json
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPResponse
from typing import Any
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Raw:
    """One kept-alive connection to one port; it connects again when the other side has closed it."""

    def __init__(self, url: str) -> None:
        self.authority = urlsplit(url).netloc
        self._connection: HTTPConnection | None = None

    def call(
        self,
        method: str,
        path: str,
        document: Any = None,
        *,
        token: str = "",
        body: bytes | None = None,
        headers: dict[str, str] | None = None,
        limit: int = 10_000_000,
        retry: bool = True,
    ) -> Answer:
        """Send a request; a stream is read up to `limit` bytes or its first pause."""
        if document is not None:
            body = json.dumps(document).encode()
        sent = {"Host": self.authority, **({"Authorization": f"Bearer {token}"} if token else {})}
        sent |= {"Content-Type": "application/json"} if document is not None else {}
        for again in (True, False)[not retry :]:
            connection = self._connection or HTTPConnection(self.authority, timeout=20)
            self._connection = connection
            try:
                return self._once(
                    connection, method, path, body, {**sent, **(headers or {})}, limit
                )
            except (ConnectionError, OSError) as error:
                self.close()
                if not again or isinstance(error, TimeoutError):
                    raise
        raise AssertionError

    def _once(
        self,
        connection: HTTPConnection,
        method: str,
        path: str,
        body: bytes | None,
        headers: dict[str, str],
        limit: int,
    ) -> Answer:
        connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        for name, value in headers.items():
            connection.putheader(name, value)
        if body is not None or method in ("POST", "PUT", "PATCH"):
            connection.putheader("Content-Length", str(len(body or b"")))
        connection.endheaders(body)
        response: HTTPResponse = connection.getresponse()
        found = {name.lower(): value for name, value in response.getheaders()}
        if found.get("content-type", "").startswith("text/event-stream"):
            first = response.read1(limit)
            self.close()
            return Answer(response.status, found, first)
        content = response.read(limit)
        if not response.isclosed():
            self.close()
        return Answer(response.status, found, content)

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
