"""The environment of the user's processes."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

from zaffre.runtime.launcher.distribution import environments, free_ports, process_count
from zaffre.runtime.launcher.plan import Plan
from zaffre.runtime.launcher.processes import MARKER
from zaffre.runtime.overlay import lay


def task_environments(plan: Plan, note: Callable[[str], None]) -> list[dict[str, str]]:
    """Give the environment of each process that the command is run in."""
    shared = _shared(plan)
    if plan.instances > 1 and not plan.distribution:
        note(f"instance_count is {plan.instances} without a distribution: the command runs once.")
    count = process_count(plan.distribution, plan.instances)
    if count == 1 and not plan.distribution:
        return [shared]
    each = environments(plan.distribution, plan.instances, free_ports(max(count, 1)))
    return [{**shared, **own} for own in each]


def _shared(plan: Plan) -> dict[str, str]:
    found = {"PYTHONUNBUFFERED": "1", **os.environ, **plan.environment}
    _choose_python(plan, found)
    if plan.guest:
        # Last, so that it hides nothing of the user's; it gives way to an installed zaffre.
        found["PYTHONPATH"] = ":".join(
            part for part in (found.get("PYTHONPATH"), plan.guest) if part
        )
    found["ZAFFRE_PYTHON"] = sys.executable  # ours, for programs of ours that need extras
    found["ZAFFRE_JOURNAL"] = f"{plan.folder}/journal.jsonl"
    found["ZAFFRE_ARTIFACTS"] = f"{plan.folder}/artifacts"
    found[MARKER] = plan.folder
    return found


def _choose_python(plan: Plan, found: dict[str, str]) -> None:
    """Put the job's interpreter first; what it installs stays in a layer of its own."""
    path = found.get("PATH", os.defpath)
    if plan.python_bin:
        path = f"{plan.python_bin}:{path}"
    if plan.python and plan.python_version:
        layer = f"{plan.folder}/venv"
        path = f"{lay(layer, plan.python, plan.python_version)}:{path}"
        found["VIRTUAL_ENV"] = layer
    found["PATH"] = path
