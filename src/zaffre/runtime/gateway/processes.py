"""Worker processes: started in own sessions, found again by held locks, ended with their kin."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import signal
import socket
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

Process = subprocess.Popen[bytes]
APPEND = os.O_WRONLY | os.O_CREAT | os.O_APPEND
BOOT = Path("/proc/sys/kernel/random/boot_id")
MARK = "ZAFFRE_WORKER"
KEPT = frozenset(
    [
        "PATH",
        "HOME",
        "USER",
        "LOGNAME",
        "LANG",
        "LANGUAGE",
        "TZ",
        "TMPDIR",
        "LD_LIBRARY_PATH",
        "SSL_CERT_FILE",
        "SSL_CERT_DIR",
    ]
)
KEPT_PREFIXES = ("LC_", "CUDA_", "NVIDIA_")


@dataclass(frozen=True)
class Record:
    """Who a worker is: its name, its deployment's key, its process as (boot, pid, start time)."""

    name: str
    key: str
    id: str
    pid: int
    boot: str
    start_time: int


@dataclass(frozen=True)
class Order:
    """What a worker is started with."""

    name: str
    key: str
    id: str
    command: Sequence[str]
    specification: Mapping[str, object]
    environment: Mapping[str, str]
    log: Path


def boot_id() -> str:
    """Give the id of this boot of the machine."""
    return BOOT.read_text().strip()


def start_time(pid: int) -> int | None:
    """Give when a process started, in ticks since boot; None if there is none but a zombie."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    fields = stat[stat.rindex(")") + 2 :].split()
    return None if fields[0] in "ZX" else int(fields[19])


def age(record: Record) -> float:
    """Give how many seconds ago a worker was started."""
    up = float(Path("/proc/uptime").read_text().split()[0])
    return max(0.0, up - record.start_time / os.sysconf("SC_CLK_TCK"))


def is_alive(record: Record, folder: Path) -> bool:
    """Tell whether a record's process is the one that it says, and holds its lock."""
    if record.boot != boot_id() or start_time(record.pid) != record.start_time:
        return False
    try:
        descriptor = os.open(folder / f"{record.name}.lock", os.O_RDWR)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(descriptor)
    return False


def records(folder: Path) -> Iterator[Record]:
    """Give the records of all workers that were started."""
    for path in sorted(folder.glob("*.record")):
        try:
            yield Record(**json.loads(path.read_text()))
        except (OSError, ValueError, TypeError):
            continue  # it is none: the gateway ends what has no record when it starts


def environment(
    of_gateway: Mapping[str, str], wanted: Mapping[str, str], name: str
) -> dict[str, str]:
    """Give a worker's variables: a few of ours, never our secrets, and those of the deployment."""
    kept = {
        key: value
        for key, value in of_gateway.items()
        if key in KEPT or key.startswith(KEPT_PREFIXES)
    }
    return {**kept, **wanted, MARK: name}


def listen(folder: Path, name: str) -> socket.socket:
    """Make the socket that a worker accepts gateways on."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    (folder / f"{name}.sock").unlink(missing_ok=True)
    with _short(folder) as short:
        listener.bind(f"{short}/{name}.sock")
    listener.listen(4)
    return listener


def connect(folder: Path, name: str) -> socket.socket:
    """Connect to a worker's socket.

    Raises:
        OSError: nobody listens there.
    """
    client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        with _short(folder) as short:
            client.connect(f"{short}/{name}.sock")
    except OSError:
        client.close()
        raise
    client.settimeout(0)
    return client


@contextlib.contextmanager
def _short(folder: Path) -> Iterator[str]:
    """Give a folder a name that fits into a socket's address."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{descriptor}"
    finally:
        os.close(descriptor)


def start(folder: Path, order: Order) -> tuple[Record, Process]:
    """Start a worker: it inherits its listening socket and its held lock.

    Raises:
        OSError: its interpreter cannot be started; nothing of it is left.
    """
    listener = listen(folder, order.name)
    lock = os.open(folder / f"{order.name}.lock", os.O_RDWR | os.O_CREAT, 0o600)
    order.log.parent.mkdir(parents=True, exist_ok=True)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        spec = {**order.specification, "listen_fd": listener.fileno(), "lock_fd": lock}
        path = folder / f"{order.name}.spec"
        _write(path, spec)
        with os.fdopen(os.open(order.log, APPEND, 0o600), "ab") as output:
            process = subprocess.Popen(
                [*order.command, str(path)],
                env=dict(order.environment),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                pass_fds=(listener.fileno(), lock),
                start_new_session=True,
            )
    except OSError:
        forget(folder, order.name)
        raise
    finally:
        listener.close()
        os.close(lock)
    since = start_time(process.pid) or 0
    record = Record(order.name, order.key, order.id, process.pid, boot_id(), since)
    _write(folder / f"{order.name}.record", asdict(record))
    return record, process


def _write(path: Path, document: Mapping[str, object]) -> None:
    temporary = path.with_suffix(".new")
    temporary.touch(mode=0o600)
    temporary.write_text(json.dumps(document))
    temporary.replace(path)


def alive_workers(folder: Path) -> dict[str, list[int]]:
    """Find the workers that live, by the id of the revision that they serve."""
    found: dict[str, list[int]] = {}
    for record in records(folder):
        if is_alive(record, folder):
            found.setdefault(record.id, []).append(record.pid)
    return found


def strays(folder: Path) -> list[str]:
    """Name the workers whose start was cut off before they were recorded."""
    known = {record.name for record in records(folder)}
    return sorted({path.stem for path in folder.iterdir()} - known)


def family(name: str) -> list[int]:
    """Find a worker and the processes that it started, also those that left its session."""
    mark = f"{MARK}={name}".encode()
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdecimal():
            continue
        with contextlib.suppress(OSError):
            if mark in (entry / "environ").read_bytes().split(b"\0"):
                found.append(int(entry.name))
    return found


def end(name: str, *, kindly: bool) -> None:
    """Signal a worker and all that it started: its random name marks them, so no stranger."""
    number = signal.SIGTERM if kindly else signal.SIGKILL
    for pid in family(name):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, number)


def forget(folder: Path, name: str) -> None:
    """Remove the files of a worker that is gone."""
    for suffix in ("sock", "lock", "spec", "marks", "record", "new"):
        (folder / f"{name}.{suffix}").unlink(missing_ok=True)
