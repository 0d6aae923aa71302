"""A container engine that is none: it notes what it is asked for, and runs commands here."""

from __future__ import annotations

import json
import sys
from pathlib import Path

PROGRAM = """#!{python}
import json, os, sys
folder = {folder!r}
words = sys.argv[1:]
with open(folder + "/asked", "a") as file:
    file.write(json.dumps(words) + "\\n")
kept = folder + "/images"
images = open(kept).read().split() if os.path.exists(kept) else []
if words[0] == "info":
    sys.exit(1 if os.path.exists(folder + "/away") else 0)
if words[:2] == ["image", "inspect"]:
    if words[-1] not in images:
        sys.exit("Error: no such image")
    print("sha256:" + words[-1].encode().hex())
if words[0] == "pull":
    if "nosuch" in words[-1]:
        sys.exit("Error: initializing source docker://nosuch: denied")
    with open(kept, "a") as file:
        file.write(words[-1] + "\\n")
if words[0] == "run":
    os.chdir(words[words.index("--workdir") + 1])
    named = [words[at + 1] for at, word in enumerate(words) if word == "--env"]
    inside = {{name: os.environ[name] for name in named}} | {{"PATH": os.defpath}}
    os.execve("/bin/sh", ["sh", *words[-2:]], inside)
"""


class FakePodman:
    """The engine's folder, to be put on the search path."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.folder = folder
        self.path = folder / "podman"
        self.path.write_text(PROGRAM.format(python=sys.executable, folder=str(folder)))
        self.path.chmod(0o755)

    def asked(self, verb: str) -> list[list[str]]:
        """Give the words of the calls of a verb."""
        try:
            lines = (self.folder / "asked").read_text().splitlines()
        except FileNotFoundError:
            return []
        return [words for words in map(json.loads, lines) if words[0] == verb]

    def leave(self) -> None:
        """Answer no more, as a client whose service is gone."""
        (self.folder / "away").touch()
