"""The scoring processes: started in the user's environment, asked over a pipe, started again."""

from __future__ import annotations

import json
import os
import struct
import subprocess
from pathlib import Path
from typing import Any, cast

import pyarrow as pa

import zaffre.runtime
from zaffre.runtime.tables import columns
from zaffre.runtime.tables.order import Order, Refused

HEAD = struct.Struct("<I")
_ROOT = Path(zaffre.runtime.__file__).parent
PATH = (_ROOT / "guest", _ROOT / "scoring" / "program")
"""Where a scoring process finds its program; these go last in its import path."""


class NotScored(Exception):
    """The model refused a table as a whole; the message is its own."""


class Died(NotScored):
    """The scoring process ended while it had a table."""


class Scorer:
    """One scoring process. It belongs to one thread at a time."""

    def __init__(self, order: Order) -> None:
        self._order = order
        self._rows, self._results = columns.Memory(), columns.Memory()
        self._process: subprocess.Popen[bytes] | None = None
        self.wants: dict[str, Any] = {}
        self._start()

    def _start(self) -> None:
        answers, own = os.pipe()
        files = (self._rows.file, self._results.file, own)
        model = {**self._order.model, "path": [*map(str, PATH)]}
        self._process = subprocess.Popen(
            [self._order.python, "-c", _PROGRAM, json.dumps(model), *map(str, files)],
            stdin=subprocess.PIPE,
            pass_fds=files,
            env=self._order.environment,
        )
        os.close(own)
        self._answers = os.fdopen(answers, "rb")
        hello = self._receive()
        if hello is None or hello.get("state") != "ready":
            reason = (hello or {}).get("error") or f"its process ended ({self._process.wait()})"
            raise Refused(f"The model could not be loaded: {reason}")
        self.wants = hello

    def score(self, table: pa.Table) -> pa.Table:
        """Give result columns for the rows of a table.

        Raises:
            NotScored: the model refused them, or its process died of them.
        """
        if self._process is None or self._process.poll() is not None:
            self._answers.close()
            self._start()
        asked = columns.lay(table, self._rows)
        try:
            self._send(asked)
            answer = self._receive()
        except OSError:
            answer = None
        if answer is None:
            raise Died(self._mourn())
        if "error" in answer:
            raise NotScored(answer["error"])
        return columns.results(answer, self._results)

    def _mourn(self) -> str:
        process = cast("subprocess.Popen[bytes]", self._process)
        code = process.wait()
        return f"the scoring process ended (exit code {code})"

    def _send(self, content: dict[str, Any]) -> None:
        data = json.dumps(content).encode()
        pipe = cast("Any", cast("subprocess.Popen[bytes]", self._process).stdin)
        pipe.write(HEAD.pack(len(data)) + data)
        pipe.flush()

    def _receive(self) -> dict[str, Any] | None:
        head = self._answers.read(HEAD.size)
        if len(head) < HEAD.size:
            return None
        (size,) = HEAD.unpack(head)
        data = self._answers.read(size)
        return json.loads(data) if len(data) == size else None

    def end(self) -> None:
        """Let it end, and give its memory back."""
        process = self._process
        if process is not None:
            if process.stdin is not None:
                process.stdin.close()
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._answers.close()
        self._rows.close()
        self._results.close()


# The program's folders go last, so that they hide nothing of the user's.
_PROGRAM = (
    "import json, runpy, sys; sys.path += json.loads(sys.argv[1])['path']; "
    "runpy.run_module('zaffre_tables', run_name='__main__', alter_sys=False)"
)
