"""Which model a worker answers by: the compiled one where it has proven itself, else the original.

The first worker of a revision has it compiled in a process of its own, while others wait for a
lock; what was found is kept beside the model, so that later workers start at once.
"""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
from typing import Any, Dict, Optional, Tuple

from zaffre_scoring.onnx_model import of_file
from zaffre_scoring.output import say
from zaffre_scoring.predictors import Predictor, load

PROGRAM = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "compile.py")
MODEL = "model.onnx"
REPORT = "report.json"
SECONDS = 240
MODEL_FIELDS = ("mlflow_model", "mlmodel", "flavor", "model_file")


def chosen(spec: Dict[str, Any]) -> Tuple[Predictor, Optional[Dict[str, Any]]]:
    """Give the model to answer by, and the report on its compiling where that was asked for."""
    wanted = spec.get("acceleration")
    if not wanted:
        return load(spec), None
    report = _report(spec, wanted)
    if not report["used"]:
        return load(spec), report
    return of_file(os.path.join(wanted["folder"], MODEL)), report


def _report(spec: Dict[str, Any], wanted: Dict[str, Any]) -> Dict[str, Any]:
    os.makedirs(wanted["folder"], exist_ok=True)
    with open(os.path.join(wanted["folder"], "lock"), "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        known = _known(wanted["folder"])
        if known is not None:
            return known
        say("compiling the model to ONNX")
        trouble = _compile(spec, wanted)
        report = _known(wanted["folder"]) or {
            "used": False,
            "tolerance": wanted["tolerance"],
            "reason": f"The compiler {trouble}. The log may say more.",
        }
        keep_report(wanted["folder"], report)
        say("compiled" if report["used"] else "not compiled: " + report["reason"])
        return report


def _compile(spec: Dict[str, Any], wanted: Dict[str, Any]) -> str:
    """Run the compiler; give how it ended."""
    order = os.path.join(wanted["folder"], "order.json")
    model = {name: spec.get(name) for name in MODEL_FIELDS}
    with open(order, "w", encoding="utf-8") as file:
        json.dump({**wanted, "model": model}, file)
    try:
        ended = subprocess.run([sys.executable, PROGRAM, order], timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return f"took more than {SECONDS} seconds"
    return f"ended with {ended.returncode}"


def keep_report(folder: str, report: Dict[str, Any]) -> None:
    """Write a report, whole or not at all."""
    write(os.path.join(folder, REPORT), json.dumps(report, sort_keys=True).encode())


def write(path: str, content: bytes) -> None:
    """Replace a file so that a reader sees the old content or the new."""
    temporary = f"{path}.part"
    with open(temporary, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, path)


def _known(folder: str) -> Optional[Dict[str, Any]]:
    try:
        with open(os.path.join(folder, REPORT), encoding="utf-8") as file:
            found: Dict[str, Any] = json.load(file)
            return found
    except (OSError, ValueError):
        return None
