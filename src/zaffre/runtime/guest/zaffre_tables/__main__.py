"""One scoring process: loads the model once, then scores tables that lie in shared memory.

Arguments: the model as JSON, and three open files: memory with rows, memory for results, a pipe
for answers. Requests come on the standard input; a frame is a length (u32) and that much JSON.
"""

from __future__ import annotations

import json
import mmap
import os
import struct
import sys
import traceback
from typing import IO, Any, Dict, Optional

from zaffre_tables import layout
from zaffre_tables.models import Scorer, load

HEAD = struct.Struct("<I")


def main() -> None:
    """Serve until the other end closes."""
    spec, rows, results, answers = sys.argv[1], *map(int, sys.argv[2:5])
    sys.argv[1:] = []
    requests = os.fdopen(os.dup(0), "rb")
    with open(os.devnull, "rb") as nothing:
        os.dup2(nothing.fileno(), 0)  # what the model reads from its standard input
    with os.fdopen(answers, "wb") as pipe:
        try:
            scorer = load(json.loads(spec))
        except BaseException as error:  # noqa: BLE001 (whatever the model does as it loads)
            traceback.print_exc()
            send(pipe, {"state": "failed", "error": described(error)})
            return
        send(pipe, {"state": "ready", **scorer.wants})
        serve(scorer, Memory(rows, results), requests, pipe)
        scorer.end()


class Memory:
    """What is shared with the runner: its rows and our results."""

    def __init__(self, rows: int, results: int) -> None:
        self._rows = rows
        self._results = results
        self._map: Optional[mmap.mmap] = None

    def rows(self, size: int) -> mmap.mmap:
        """Give the rows, mapped anew when the runner made them more."""
        if self._map is None or len(self._map) < size:
            self._map = mmap.mmap(self._rows, size, prot=mmap.PROT_READ | mmap.PROT_WRITE)
        return self._map

    def write(self, parts: Any) -> None:
        """Write results from the beginning."""
        os.lseek(self._results, 0, os.SEEK_SET)
        for part in parts:
            view = memoryview(part)
            while view:
                view = view[os.write(self._results, view) :]


def serve(scorer: Scorer, memory: Memory, requests: IO[bytes], pipe: IO[bytes]) -> None:
    """Answer each request with what came of it."""
    while True:
        request = receive(requests)
        if request is None:
            return
        try:
            found = scorer.score(memory.rows(request["size"]), request["rows"], request["columns"])
            described_columns, parts = layout.packed(found)
            memory.write(parts)
        except Exception as error:  # noqa: BLE001 (whatever the model does with these rows)
            send(pipe, {"error": described(error)})
        else:
            size = sum(map(len, parts))
            send(pipe, {"rows": request["rows"], "columns": described_columns, "size": size})


def described(error: BaseException) -> str:
    """Say what an error is, on one line."""
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}"[:2000]


def send(pipe: IO[bytes], content: Dict[str, Any]) -> None:
    """Send one frame."""
    data = json.dumps(content).encode()
    pipe.write(HEAD.pack(len(data)) + data)
    pipe.flush()


def receive(requests: IO[bytes]) -> Optional[Dict[str, Any]]:
    """Wait for one frame; None when there will be no more."""
    head = requests.read(HEAD.size)
    if len(head) < HEAD.size:
        return None
    data = requests.read(HEAD.unpack(head)[0])
    found: Dict[str, Any] = json.loads(data)
    return found


if __name__ == "__main__":
    main()
