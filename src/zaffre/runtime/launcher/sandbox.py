"""Close a job off: its own process ids, and no sight of the home beyond its own folders."""

from __future__ import annotations

import contextlib
import os

from zaffre.runtime.launcher import kernel
from zaffre.runtime.launcher.inputs import is_copied
from zaffre.runtime.launcher.plan import Plan

TYPE_CHECKING = False
if TYPE_CHECKING:  # typing takes long to load, and every job would wait for it
    from typing import Any

# What would let a job that runs as root undo its walls: mounts, devices, others' memory, handles.
_DROPPED = (2, 16, 17, 19, 21, 22, 27, 38, 39)
_KEPT_FLAGS = {
    os.ST_NOSUID: kernel.NO_SUID,
    os.ST_NODEV: kernel.NO_DEV,
    os.ST_NOEXEC: kernel.NO_EXEC,
    os.ST_NOATIME: kernel.NO_ATIME,
    os.ST_NODIRATIME: kernel.NO_DIRATIME,
    os.ST_RELATIME: kernel.REL_ATIME,
    os.ST_RDONLY: kernel.READ_ONLY,
}


def separate() -> None:
    """Prepare new process ids and mounts for the next child; a plain user gets a user namespace.

    Raises:
        OSError: this machine does not let us.
    """
    user, group = os.getuid(), os.getgid()
    if user == 0:
        kernel.unshare(kernel.NEW_PIDS | kernel.NEW_MOUNTS)
        return
    kernel.unshare(kernel.NEW_USERS | kernel.NEW_PIDS | kernel.NEW_MOUNTS)
    _write("/proc/self/setgroups", "deny")
    _write("/proc/self/uid_map", f"{user} {user} 1")
    _write("/proc/self/gid_map", f"{group} {group} 1")


def furnish(plan: Plan) -> None:
    """Give the new process ids their own `/proc`, and cover what is to be hidden.

    Raises:
        OSError: this machine does not let us.
    """
    kernel.mount("none", "/", None, kernel.RECURSIVE | kernel.PRIVATE)
    kernel.mount("proc", "/proc", "proc", kernel.NO_SUID | kernel.NO_DEV | kernel.NO_EXEC)
    _guard_inputs(plan)
    hidden = [path for path in map(os.path.realpath, plan.hide) if os.path.isdir(path)]
    seen = (
        []
        if not hidden
        else [one for one in shown(plan) if any(_lies_in(one[0], top) for top in hidden)]
    )
    opened = [(path, writable, os.open(path, os.O_PATH | os.O_CLOEXEC)) for path, writable in seen]
    for top in hidden:
        kernel.mount("tmpfs", top, "tmpfs", kernel.NO_SUID | kernel.NO_DEV, "mode=0755,size=1m")
    for path, writable, handle in opened:
        _show(path, handle, writable=writable)
    for top in hidden:
        _make_read_only(top)


def _guard_inputs(plan: Plan) -> None:
    """Let nobody write to inputs that share bytes with the store; copies may change."""
    top = f"{plan.folder}/inputs"
    kernel.mount(top, top, None, kernel.BIND)
    for one in plan.inputs:
        own = f"{top}/{one['name']}"
        if is_copied(one) and os.path.isdir(own) and not os.path.islink(own):
            kernel.mount(own, own, None, kernel.BIND)
    _make_read_only(top)


def shed_power() -> None:
    """Drop, from what this process can ever have again, what would undo the walls."""
    for capability in _DROPPED:
        with contextlib.suppress(OSError):
            kernel.prctl(kernel.CAPBSET_DROP, capability)


def shown(plan: Plan) -> list[tuple[str, bool]]:
    """Give what a job sees beyond the plain machine, and whether it may write there."""
    own = ("wd", "outputs", "artifacts", "venv")
    wanted = [(f"{plan.folder}/{name}", True) for name in own]
    wanted.append((plan.journal, True))
    wanted.append((f"{plan.folder}/inputs", False))
    wanted.append((f"{plan.lead}/inputs", False))
    wanted.extend((path, False) for path in plan.show)
    wanted.extend((one["path"], False) for one in plan.inputs if one.get("path"))
    wanted.extend((_folder_of(one), True) for one in plan.outputs)
    wanted.extend((path, True) for path in (plan.keep,) if path)
    real = {os.path.realpath(path): writable for path, writable in reversed(wanted)}
    return sorted((path, writable) for path, writable in real.items() if os.path.exists(path))


def _folder_of(output: dict[str, Any]) -> str:
    path: str = output["path"]
    return os.path.dirname(path) if output.get("type") == "uri_file" else path


def _lies_in(path: str, top: str) -> bool:
    return path.startswith(f"{top}/")


def _show(path: str, handle: int, *, writable: bool) -> None:
    source = f"/proc/self/fd/{handle}"
    if os.path.isdir(source):
        os.makedirs(path, exist_ok=True)
    else:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600))
    kernel.mount(source, path, None, kernel.BIND | kernel.RECURSIVE)
    os.close(handle)
    if not writable:
        _make_read_only(path)


def _make_read_only(path: str) -> None:
    flags = os.statvfs(path).f_flag
    kept = sum(ours for theirs, ours in _KEPT_FLAGS.items() if flags & theirs)
    kernel.mount("none", path, None, kept | kernel.BIND | kernel.REMOUNT | kernel.READ_ONLY)


def _write(path: str, text: str) -> None:
    with open(path, "w", encoding="ascii") as file:
        file.write(text)
