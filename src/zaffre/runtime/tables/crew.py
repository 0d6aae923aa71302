"""The scoring processes: started in the user's environment, asked over a pipe, started again."""

from __future__ import annotations

import contextlib
import json
import os
import struct
import subprocess
from pathlib import Path
from typing import IO, Any, cast

import pyarrow as pa

import zaffre.runtime
from zaffre.runtime.tables import columns
from zaffre.runtime.tables.order import Order, Refused

HEAD = struct.Struct("<I")
_PATIENCE = 30.0
_ROOT = Path(zaffre.runtime.__file__).parent
PATH = (_ROOT / "guest", _ROOT / "scoring" / "program")
"""Where a scoring process finds its program; these go last in its import path."""


class NotScored(Exception):
    """The model refused a table as a whole; the message is its own."""


class Died(NotScored):
    """The scoring process ended while it had a table."""


class Scorer:
    """One scoring process after the other: when one dies, the next takes its place.

    It belongs to one thread at a time.
    """

    def __init__(self, order: Order) -> None:
        self._order = order
        self._rows, self._results = columns.Memory(), columns.Memory()
        self._process = self._started()
        self.wants = self._process.wants

    def _started(self) -> _Process:
        return _Process(self._order, (self._rows.file, self._results.file))

    def score(self, table: pa.Table) -> pa.Table:
        """Give result columns for the rows of a table.

        Raises:
            NotScored: the model refused them, or its process died of them.
        """
        if self._process.ended:
            self._process = self._started()
        answer = self._process.ask(columns.lay(table, self._rows))
        if answer is None:
            raise Died(f"the scoring process ended (exit code {self._process.end()})")
        if "error" in answer:
            raise NotScored(answer["error"])
        return columns.results(answer, self._results)

    def end(self) -> None:
        """Let the process end, and give its memory back."""
        if not self._process.ended:
            self._process.end()
        self._rows.close()
        self._results.close()


class _Process:
    """A process that has loaded the model, and the pipes to it."""

    def __init__(self, order: Order, memory: tuple[int, int]) -> None:
        answers, own = os.pipe()
        files = (*memory, own)
        model = {**order.model, "path": [*map(str, PATH)]}
        self._process = subprocess.Popen(
            [order.python, "-c", _PROGRAM, json.dumps(model), *map(str, files)],
            stdin=subprocess.PIPE,
            pass_fds=files,
            env=order.environment,
        )
        os.close(own)
        self._requests = cast("IO[bytes]", self._process.stdin)
        self._answers = os.fdopen(answers, "rb")
        self.ended = False
        self.wants = self._receive() or {}
        if self.wants.get("state") != "ready":
            code = self.end()
            reason = self.wants.get("error") or f"its process ended (exit code {code})"
            raise Refused(f"The model could not be loaded: {reason}")

    def ask(self, content: dict[str, Any]) -> dict[str, Any] | None:
        """Send a request and wait for the answer; None when the process ended meanwhile."""
        data = json.dumps(content).encode()
        try:
            self._requests.write(HEAD.pack(len(data)) + data)
            self._requests.flush()
        except OSError:
            return None
        return self._receive()

    def _receive(self) -> dict[str, Any] | None:
        head = self._answers.read(HEAD.size)
        if len(head) < HEAD.size:
            return None
        (size,) = HEAD.unpack(head)
        data = self._answers.read(size)
        return json.loads(data) if len(data) == size else None

    def end(self) -> int:
        """Let it end by itself, in time; give its exit code."""
        self.ended = True
        with contextlib.suppress(OSError):
            self._requests.close()
        self._answers.close()
        try:
            return self._process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()


# The program's folders go last, so that they hide nothing of the user's.
_PROGRAM = (
    "import json, runpy, sys; sys.path += json.loads(sys.argv[1])['path']; "
    "runpy.run_module('zaffre_tables', run_name='__main__', alter_sys=False)"
)
