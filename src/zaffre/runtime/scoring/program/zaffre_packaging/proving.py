"""A package is opened as its receiver will open it: with what is locked, and nothing else.

What the lock lacks is hidden from imports. If opening or answering fails for that, it is added
and all is tried again; so optional packages that happen to be installed here do not get in.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import traceback
from importlib.abc import MetaPathFinder
from typing import Any, Dict, List, Optional, Sequence, Set

from zaffre_packaging.requirements import Installed
from zaffre_scoring.answers import Answer
from zaffre_scoring.opening import Opened
from zaffre_scoring.requests import Request
from zaffre_scoring.sampling import NoSample, sample_of
from zaffre_scoring.standing import EXAMPLE_ANSWER, EXAMPLE_REQUEST

HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
FOUND = "FOUND "
EXAMPLE_ROWS = 5
OK, FAILED = 200, 500


class Unservable(Exception):
    """What the package holds cannot be served."""


def proven(
    folder: str, sample: Optional[str], roots: Sequence[str], installed: Installed
) -> Set[str]:
    """Give the distributions with which the package opens and answers, the roots among them.

    Raises:
        Unservable: it does not, whatever is added.
    """
    needed = installed.with_required(roots)
    while True:
        found = _open(folder, sample, installed.modules_without(needed))
        if found["missing"] is None:
            return needed
        more = installed.with_required(installed.owners([found["missing"]])) - needed
        if not more:
            raise Unservable(found["error"])
        needed |= more


def _open(folder: str, sample: Optional[str], hidden: List[str]) -> Dict[str, Any]:
    command = [sys.executable, "-B", os.path.join(HERE, "package.py"), "--used", folder]
    command += ["--sample", sample] if sample else []
    ended = subprocess.run(
        command, input=json.dumps(hidden), stdout=subprocess.PIPE, text=True, check=False
    )
    lines = [line for line in ended.stdout.splitlines() if line.startswith(FOUND)]
    if not lines:
        raise Unservable(f"opening it ended with {ended.returncode}; the lines above say more")
    found: Dict[str, Any] = json.loads(lines[-1][len(FOUND) :])
    return found


class Hider(MetaPathFinder):
    """Hides modules, and remembers the last one that was asked for."""

    def __init__(self, modules: Sequence[str]) -> None:
        self._modules = frozenset(modules)
        self.last: Optional[str] = None

    def find_spec(self, fullname: str, *_: Any, **__: Any) -> None:
        """Refuse what is hidden; leave all else to others."""
        first = fullname.partition(".")[0]
        if first in self._modules:
            self.last = first
            raise ModuleNotFoundError(f"No module named {first!r}", name=first)


def open_hidden(folder: str, sample: Optional[str]) -> int:
    """Open a package without the modules that stdin lists; print what was missing."""
    hider = Hider(json.load(sys.stdin))
    sys.meta_path.insert(0, hider)
    missing, error = None, ""
    try:
        answer = _answered(Opened(os.path.abspath(folder)), folder, sample)
        if answer is not None and answer.status >= FAILED:
            missing, error = hider.last, answer.body.decode("utf-8", "replace")
    except Exception as trouble:  # noqa: BLE001 - scripts and libraries raise anything
        name = trouble.name if isinstance(trouble, ImportError) else None
        missing, error = name or hider.last or "", f"{type(trouble).__name__}: {trouble}"
        if not missing:
            traceback.print_exc()
    sys.stdout.write("\n" + FOUND + json.dumps({"missing": missing, "error": error}) + "\n")
    return 0


def _answered(opened: Opened, folder: str, sample: Optional[str]) -> Optional[Answer]:
    """Answer some rows and keep both as an example; None where no rows can be made up."""
    request = _request(opened, sample) if opened.predictor is not None else None
    if request is None:
        return None
    (answer,) = opened.answer([Request(json.dumps(request).encode())])
    if answer.status == OK:
        _keep(folder, EXAMPLE_REQUEST, request)
        _keep(folder, EXAMPLE_ANSWER, json.loads(answer.body))
    return answer


def _keep(folder: str, name: str, document: Any) -> None:
    path = os.path.join(folder, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(json.dumps(document) + "\n")


def _request(opened: Opened, sample: Optional[str]) -> Any:
    with contextlib.suppress(NoSample, ImportError):
        table = sample_of(opened.predictor, opened.model_folder, sample).table
        rows = table.rows[:EXAMPLE_ROWS]
        names = list(table.columns) if table.columns else None
        return {"input_data": {"columns": names, "data": rows} if names else rows}
    return None
