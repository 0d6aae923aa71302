"""Pages as programs: their blocks are run from top to bottom in one folder, on one home."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import re
import shutil
import struct
import subprocess
import sys
import termios
import threading
from dataclasses import dataclass
from pathlib import Path

import pytest

FENCE = re.compile(
    r"(?:<!-- *(?P<mark>[^>]*?) *-->\n)?^```(?P<language>\w+)?(?P<rest>[^\n]*)\n(?P<text>.*?)^```$",
    re.M | re.S,
)
TITLE = re.compile(r'title="([^"]+)"')
FILES = {"yaml", "json", "python", "toml", "text"}
SECONDS = 240
COLUMNS = 110

INTERPRETER = """
import json, sys
space = {"__name__": "__page__"}
for line in sys.stdin:
    exec(compile(json.loads(line), "<page>", "exec"), space)
    print("\\0", flush=True)
"""


@dataclass(frozen=True)
class Block:
    """A fenced block: where it begins, what it is, and what a comment before it says."""

    line: int
    language: str
    title: str
    mark: str
    text: str


def blocks(page: Path) -> list[Block]:
    """Read the blocks of a page."""
    text = page.read_text(encoding="utf-8")
    found = []
    for fence in FENCE.finditer(text):
        title = TITLE.search(fence["rest"] or "")
        line = text.count("\n", 0, fence.start("text")) + 1
        found.append(
            Block(
                line,
                fence["language"] or "",
                title[1] if title else "",
                fence["mark"] or "",
                fence["text"],
            )
        )
    return found


def on_a_terminal(
    command: list[str], folder: Path, environment: dict[str, str]
) -> tuple[int, str]:
    """Run a command as a person does, on a terminal; give its exit code and what it showed."""
    master, slave = os.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 50, COLUMNS, 0, 0))
    shown = b""
    with os.fdopen(master, "rb", buffering=0) as screen:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=slave,
            stderr=slave,
        )
        os.close(slave)
        stop = threading.Timer(SECONDS, process.kill)
        stop.start()
        with contextlib.suppress(
            OSError
        ):  # a terminal ends with an error when nobody writes to it any more
            while part := screen.read(65536):
                shown += part
        code = process.wait()
        stop.cancel()
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown.decode("utf-8", "replace")).replace(
        "\r\n", "\n"
    )
    return code, re.sub(r"^.*\r(?!$)", "", text, flags=re.M)


class Reader:
    """Somebody who does what a page says."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.folder = folder
        self.environment = environment
        self.python: subprocess.Popen[str] | None = None

    def follow(self, block: Block) -> str | None:
        """Do what a block says; give what it printed, or None if there was nothing to do."""
        if block.mark.startswith("not run"):
            assert len(block.mark) > len("not run: why"), "say why it is not run"
            return None
        if (
            block.mark.startswith("needs ")
            and shutil.which(block.mark.removeprefix("needs ")) is None
        ):
            pytest.skip(f"line {block.line} needs {block.mark.removeprefix('needs ')}")
        if block.title and block.language in FILES:
            path = self.folder / block.title
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.text, encoding="utf-8")
            return None
        if block.language in {"sh", "bash"}:
            return self._shell(block)
        if block.language == "python":
            return self._python(block)
        return None

    def _shell(self, block: Block) -> str:
        told = self.folder / ".environment"
        script = f"{block.text}\nenv -0 > {told}"
        code, said = on_a_terminal(
            ["bash", "-euo", "pipefail", "-c", script], self.folder, self.environment
        )
        expected = int(match[1]) if (match := re.fullmatch(r"exits (\d+)", block.mark)) else 0
        assert code == expected, f"line {block.line} ended with {code}:\n{block.text}\n{said}"
        if code == 0:
            pairs = told.read_text().split("\0")
            self.environment = dict(pair.split("=", 1) for pair in pairs if "=" in pair)
        return said

    def _python(self, block: Block) -> str:
        if self.python is None:
            self.python = subprocess.Popen(
                [sys.executable, "-u", "-c", INTERPRETER],
                cwd=self.folder,
                env=self.environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
        assert self.python.stdin is not None
        assert self.python.stdout is not None
        self.python.stdin.write(json.dumps(block.text) + "\n")
        self.python.stdin.flush()
        said = ""
        for line in self.python.stdout:
            if line == "\0\n":
                return said
            said += line
        raise AssertionError(f"line {block.line} failed:\n{block.text}\n{said}")

    def close(self) -> None:
        """End the interpreter."""
        if self.python is not None:
            with contextlib.suppress(OSError):
                self.python.communicate(timeout=10)
            self.python.kill()
            self.python.wait()


def agrees(printed: str, shown: str) -> str | None:
    """Compare what was printed with what a page shows; give the line that differs.

    `…` stands for anything. Numbers of many digits may differ in the last ones: processors round differently.
    """
    rows = [" ".join(line.split()) for line in printed.splitlines()]
    at = 0
    for line in (" ".join(line.split()) for line in shown.splitlines() if line.strip()):
        pattern = ".*".join(_pattern(part.strip()) for part in line.split("…"))
        while at < len(rows) and not re.fullmatch(rf"\s*{pattern}\s*", rows[at]):
            at += 1
        if at == len(rows):
            return line
        at += 1
    return None


def _pattern(text: str) -> str:
    """Escape a text, but for the digits of a number behind its twelfth."""
    return re.sub(r"(\d+\\\.\d{10})\d{2,}", r"\1\\d+", re.escape(text))
