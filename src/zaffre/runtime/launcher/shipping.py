"""Tell the server what happens: the metric journal piece by piece, and each change of state."""

from __future__ import annotations

import contextlib
import importlib
import json
import threading
import time

from zaffre.runtime.launcher.plan import Plan

TYPE_CHECKING = False
if TYPE_CHECKING:  # typing takes long to load, and every job would wait for it
    from typing import Any

_EVERY = 0.5
_PIECE = 2**20
_LONGEST_WAIT = 10.0
_QUIET = 10.0
_OK = 200
_CONFLICT = 409


class Shipper:
    """Sends in a thread of its own, so that a slow or missing server delays nobody."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.journal = f"{plan.folder}/journal.jsonl"
        self.offset = 0
        self.reachable = True
        self._report: bytes | None = None
        self._ending = False
        self._pause = _EVERY
        self._wake = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._base = f"/api/v1/workspaces/{plan.workspace}/jobs/{plan.job}"

    def start(self, pause: float = _EVERY) -> None:
        """Begin to send after a pause: what is over by then needs no report of its own."""
        self._pause = pause
        if self.plan.url:
            self._thread.start()

    def report(self, facts: dict[str, Any] | None) -> None:
        """Let a state be sent next; a newer one, or none, replaces one that was not sent."""
        self._report = json.dumps(facts).encode() if facts else None

    def finish(self, seconds: float) -> None:
        """Send what is left, as far as the server takes it in time; it reads the rest itself."""
        self._ending = True
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(seconds)

    def _run(self) -> None:
        wait = self._pause
        while True:
            self._wake.wait(wait)
            self._wake.clear()
            ending = self._ending
            self.reachable = self._send_all()
            if ending and (not self.reachable or self._report is None):
                return
            wait = _EVERY if self.reachable else min(wait * 2, _LONGEST_WAIT)

    def _send_all(self) -> bool:
        try:
            self._send_journal()
            report, self._report = self._report, None
            if report is not None:
                self._post("report", report)
        except (OSError, ValueError):
            return False
        return True

    def _send_journal(self) -> None:
        while piece := self._next_piece():
            status, answer = self._post(f"journal?offset={self.offset}", piece)
            if status not in {_OK, _CONFLICT}:
                raise ValueError(f"the server answered {status}")
            stored = answer.get("offset")
            if not isinstance(stored, int) or stored == self.offset:
                raise ValueError("the server took nothing")
            self.offset = stored

    def _next_piece(self) -> bytes:
        """Give whole lines from the offset on; the last line only when it is complete."""
        with open(self.journal, "rb") as file:
            file.seek(self.offset)
            data = file.read(_PIECE)
            while data and b"\n" not in data and (more := file.read(_PIECE)):
                data += more
        return data[: data.rfind(b"\n") + 1]

    def _post(self, action: str, body: bytes) -> tuple[int, dict[str, Any]]:
        headers = {
            "Authorization": f"Bearer {self.plan.token}",
            "Content-Type": "application/json",
            "Connection": "close",
        }
        status, data = post(self.plan.url, f"{self._base}/{action}", headers, body)
        answer: dict[str, Any] = {}
        with contextlib.suppress(ValueError):
            answer = json.loads(data)
        return status, answer


def post(url: str, path: str, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
    """Post to a server and give the status and the body of its answer.

    Raises:
        OSError: the server cannot be reached.
        ValueError: its answer is not understood.
    """
    scheme, _, rest = url.partition("://")
    host, _, prefix = rest.partition("/")
    path = f"/{prefix.strip('/')}{path}" if prefix.strip("/") else path
    if scheme == "http":
        return _plain_post(host, path, headers, body)
    # Loaded here: it takes longer than all the rest, and only servers with TLS need it.
    connection = importlib.import_module("http.client").HTTPSConnection(host, timeout=_QUIET)
    connection.request("POST", path, body, headers)
    answer = connection.getresponse()
    return int(answer.status), bytes(answer.read())


def _plain_post(host: str, path: str, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
    name, _, port = host.rpartition(":") if host.rpartition(":")[2].isdigit() else (host, "", "80")
    lines = [f"POST {path} HTTP/1.1", f"Host: {host}", f"Content-Length: {len(body)}"]
    lines.extend(f"{key}: {value}" for key, value in headers.items())
    # Loaded here: the command need not wait for it.
    create = importlib.import_module("socket").create_connection
    with create((name.strip("[]"), int(port)), timeout=_QUIET) as line:
        line.sendall("\r\n".join([*lines, "", ""]).encode() + body)
        answer = _read_answer(line)
    head, _, data = answer.partition(b"\r\n\r\n")
    words = head.split(b" ", 2)
    if len(words) < 2 or not words[1].isdigit():  # noqa: PLR2004 - protocol and status
        raise ValueError("no HTTP answer")
    if b"transfer-encoding: chunked" in head.lower():
        data = _unchunk(data)
    return int(words[1]), data


def _read_answer(line: Any) -> bytes:
    deadline = time.monotonic() + _QUIET
    answer = b""
    while data := line.recv(65536):
        answer += data
        if len(answer) > _PIECE or time.monotonic() > deadline:
            raise ValueError("the answer has no end")
    return answer


def _unchunk(data: bytes) -> bytes:
    whole = b""
    while data:
        size, _, data = data.partition(b"\r\n")
        length = int(size.split(b";")[0] or b"0", 16)
        if length == 0:
            break
        whole, data = whole + data[:length], data[length + 2 :]
    return whole
