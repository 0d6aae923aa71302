"""The job's log: written as it comes, and capped so that its first and last parts stay."""

from __future__ import annotations

import contextlib
import os

_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
_COPY = 2**20
_FAREWELLS = ("🏃 View run ", "🧪 View experiment at: ")
"""How MLflow's client ends its output, also behind the traceback that tells what went wrong."""


class OutputLog:
    """Keeps the first half of its limit as it comes; of the rest, the last part, added on `close`.

    The rest goes to numbered pieces beside the job's files, of which the last two stay: a killed
    launcher leaves them for the one that repairs.
    """

    def __init__(self, folder: str, limit: int, mark: str = "") -> None:
        self.folder = folder
        self.path = f"{folder}/user_logs/std_log{mark}.txt"
        self.tail = f"log-tail{mark}."
        self.head = max(limit // 2, 4096)
        self.piece = max(limit // 4, 1024)
        os.makedirs(os.path.dirname(self.path), mode=0o700, exist_ok=True)
        self.file = os.open(self.path, _FLAGS, 0o600)
        self.size = os.fstat(self.file).st_size
        self.turn = -1
        self.room = 0
        self.lost = 0
        self.last = b""

    def write(self, data: bytes) -> None:
        """Add output of the job."""
        self.last = (self.last + data[-2000:])[-2000:]
        if self.turn < 0:
            data = self._fill_head(data)
        while data:
            if not self.room:
                self._next_piece()
            part, data = data[: self.room], data[self.room :]
            self._store(part)
            self.room -= len(part)

    def note(self, text: str) -> None:
        """Add a line of the launcher's own."""
        gap = "" if not self.last or self.last.endswith(b"\n") else "\n"
        self.write(f"{gap}[zaffre] {text}\n".encode())

    def last_line(self) -> str:
        """Give the last line that says something, for the error message."""
        lines = [line.strip() for line in self.last.decode(errors="replace").splitlines()]
        said = [line for line in lines if line and not line.startswith(_FAREWELLS)]
        return said[-1][-300:] if said else ""

    def close(self) -> int:
        """Put the last part behind the first, and give the bytes of the whole."""
        os.close(self.file)
        self.file = os.open(self.path, _FLAGS, 0o600)
        turns = sorted(
            int(name[len(self.tail) :])
            for name in os.listdir(self.folder)
            if name.startswith(self.tail)
        )
        if turns:
            self._store(f"\n[zaffre] {turns[0] * self.piece} bytes left out here.\n".encode())
        for turn in turns:
            self._append(f"{self.folder}/{self.tail}{turn}")
        if self.lost:
            self._store(f"\n[zaffre] {self.lost} bytes lost: the disk is full.\n".encode())
        with contextlib.suppress(OSError):
            os.fsync(self.file)
        size = os.fstat(self.file).st_size
        os.close(self.file)
        return size

    def _fill_head(self, data: bytes) -> bytes:
        space = max(self.head - self.size, 0)
        self._store(data[:space])
        self.size += min(len(data), space)
        return data[space:]

    def _next_piece(self) -> None:
        if self.turn < 0:
            self._store(b"\n[zaffre] The log is long: its last part comes here at the end.\n")
        self.turn += 1
        os.close(self.file)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(f"{self.folder}/{self.tail}{self.turn - 2}")
        self.file = os.open(f"{self.folder}/{self.tail}{self.turn}", _FLAGS, 0o600)
        self.room = self.piece

    def _store(self, data: bytes) -> None:
        view = memoryview(data)
        try:
            while view:
                view = view[os.write(self.file, view) :]
        except OSError:
            self.lost += len(view)

    def _append(self, part: str) -> None:
        with open(part, "rb") as file:
            while data := file.read(_COPY):
                self._store(data)
        os.unlink(part)
