"""What the builder can be asked on a machine of its own: its Pythons, and to build there.

Another machine than the server's gets the order that the server's builder gives for a recipe: the
recipe and, if there is one, the lock. It builds below its own folder, once for the same order.
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import json
import os
import subprocess
import sys
import sysconfig
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from zaffre.kinds.interpreter import Interpreter, choose
from zaffre.kinds.recipe import Recipe
from zaffre.runtime.builder import search, state
from zaffre.runtime.builder.order import ORDER
from zaffre.runtime.builder.state import BuildError

_PAUSE = 0.05
_HASH = 32
_ENDED = ("ready", "failed")


def main() -> int:
    """Do what the arguments say; 0 if it went well."""
    parser = argparse.ArgumentParser(prog="zaffre-builder", description=__doc__)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument(
        "--below", type=Path, metavar="ROOT", help="build what the order on the input asks for"
    )
    what.add_argument("--pythons", action="store_true", help="list the Pythons of this machine")
    given = parser.parse_args()
    if given.pythons:
        return tell_pythons()
    return build_below(given.below.absolute())


def tell_pythons() -> int:
    """Print the Pythons of this machine, the one that runs this first."""
    sys.stdout.write(json.dumps([asdict(each) for each in search.everything(os.environ)]))
    return 0


def build_below(root: Path) -> int:
    """Build what the order on the input asks for, and print its record; 0 if it is ready."""
    try:
        record = _built(root, json.load(sys.stdin))
    except BuildError as error:
        record = {"state": "failed", "error": error.message, "hint": error.hint}
    sys.stdout.write(json.dumps(record) + "\n")
    return 0 if record.get("state") == "ready" else 1


def _built(root: Path, order: dict[str, Any]) -> dict[str, Any]:
    pythons = search.everything(os.environ)
    order["pythons"] = [asdict(each) for each in pythons]
    order["hash"] = _hash(order, pythons)
    order["wheels"] = str(root / "cache")
    folder = root / order["hash"]
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    record = state.read(folder)
    return record if state.is_usable(record) else _ended(folder, _begin(folder, order))


def _hash(order: dict[str, Any], pythons: Sequence[Interpreter]) -> str:
    """Give the name of the folder: what is asked, and what of this machine decides the content."""
    recipe = Recipe.from_json(order["recipe"])
    chosen = choose(recipe.python, pythons)
    facts = [
        recipe.digest(),
        order.get("lock", ""),
        sysconfig.get_platform(),
        chosen.version if chosen else "",
        sys.executable if not recipe.own else "",
    ]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:_HASH]


def _begin(folder: Path, order: dict[str, Any]) -> subprocess.Popen[bytes] | None:
    """Start the build in a session of its own, unless somebody builds already."""
    lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        part = folder / f"{ORDER}.part"
        part.write_text(json.dumps(order), encoding="utf-8")
        part.replace(folder / ORDER)
        (folder / state.STATE).unlink(missing_ok=True)
        program = str(Path(__file__).with_name("__main__.py"))
        with (folder / "build.log").open("wb") as log:
            return subprocess.Popen(
                [sys.executable, program, str(folder), "--lock", str(lock)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                pass_fds=(lock,),
            )
    except BlockingIOError:
        return None
    finally:
        os.close(lock)


def _ended(folder: Path, child: subprocess.Popen[bytes] | None) -> dict[str, Any]:
    """Wait for the end of the build, ours or somebody else's."""
    while True:
        gone = child.poll() is not None if child else not _is_locked(folder)
        record = state.read(folder)
        if record.get("state") in _ENDED:
            return record
        if gone:
            return {"state": "failed", "error": "The build was killed.", "hint": "Try again."}
        time.sleep(_PAUSE)


def _is_locked(folder: Path) -> bool:
    with (folder / "lock").open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False
