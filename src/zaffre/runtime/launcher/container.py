"""A job's command in a container: what the engine is asked for, and its end."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping, Sequence

from zaffre.runtime.launcher import sandbox
from zaffre.runtime.launcher.inputs import is_copied
from zaffre.runtime.launcher.plan import Plan

_ENDING = 30.0
_OWN = ("PATH", "VIRTUAL_ENV", "ZAFFRE_PYTHON")  # an image has its own


def run_command(
    plan: Plan, environment: Mapping[str, str], inherited: Mapping[str, str], index: int
) -> list[str]:
    """Give the words that run the command in its image.

    Variables are named, not written out: their values would be seen in the list of processes.
    `inherited` are those that the launcher has itself; an image gets none of them.
    """
    given = (name for name, value in environment.items() if inherited.get(name) != value)
    names = sorted(name for name in given if name not in _OWN)
    return [
        plan.container["engine"],
        "run",
        "--rm",
        "--name",
        _name(plan, index),
        "--network",
        "host",
        *_user(plan),
        *(word for place in places(plan) for word in ("--volume", place)),
        "--workdir",
        f"{plan.folder}/wd",
        *(word for name in names for word in ("--env", name)),
        "--entrypoint",
        "/bin/sh",
        plan.container["image"],
        "-c",
        plan.command,
    ]


def places(plan: Plan) -> list[str]:
    """Give what a container sees of this machine, under the same paths: as isolated jobs do."""
    copies = [
        (f"{plan.folder}/inputs/{one['name']}", True) for one in plan.inputs if is_copied(one)
    ]
    there = [each for each in copies if os.path.isdir(each[0]) and not os.path.islink(each[0])]
    seen = [*sandbox.shown(plan), *there]
    return [path if writable else f"{path}:ro" for path, writable in map(_bound, seen)]


def end(plan: Plan, count: int = 0) -> None:
    """Take the containers of a job away: they would outlive a killed client of the engine.

    `count` is how many there are, if that is known.
    """
    if not plan.container:
        return
    import subprocess  # noqa: PLC0415 - it takes long to load, and few jobs run in containers

    most = plan.instances * int(plan.distribution.get("process_count_per_instance") or 1)
    names = [_name(plan, index) for index in range(count or most)]
    with contextlib.suppress(OSError, subprocess.SubprocessError):
        subprocess.run(
            [plan.container["engine"], "rm", "--force", *names],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_ENDING,
            check=False,
        )


def _bound(place: tuple[str, bool]) -> tuple[str, bool]:
    return f"{place[0]}:{place[0]}", place[1]


def _name(plan: Plan, index: int) -> str:
    return f"zaffre-{plan.job}-{plan.rank}-{index}"


def _user(plan: Plan) -> Sequence[str]:
    """Let what the job writes belong to who runs the launcher."""
    if os.getuid() == 0:
        return ()
    if os.path.basename(plan.container["engine"]) == "podman":
        return ("--userns", "keep-id")
    return ("--user", f"{os.getuid()}:{os.getgid()}")
