"""The process that owns a job's process tree: it starts the command and ends what is left.

It is the first process of the job's own process ids where the machine allows them, and always a
child subreaper, so that nothing below it can get away by detaching. It tells the launcher what
happens by lines in a pipe, and obeys single letters in another; when the launcher is gone, it ends
everything.
"""

from __future__ import annotations

import contextlib
import os
import resource
import select
import signal
from collections.abc import Sequence

from zaffre.runtime.launcher import container, kernel, processes, sandbox
from zaffre.runtime.launcher.plan import Plan

TERMINATE = b"T"
KILL = b"K"

Environment = dict[str, str]
Task = tuple[Environment, int]
"""A process to start: its environment, and the open file that takes its output."""

_RETRY = 0.02
_OOM_FIRST = "500"
_SHELLS = ("/bin/bash", "/usr/bin/bash", "/bin/sh")


class Warden:
    """The launcher's end of the two pipes."""

    def __init__(self, pid: int, control: int, status: int, level: str) -> None:
        self.pid = pid
        self.control = control
        self.status = status
        self.level = level
        self._unread = b""

    def order(self, letter: bytes) -> None:
        """Tell the warden to end the tree, gently or not."""
        with contextlib.suppress(OSError):
            os.write(self.control, letter)

    def lines(self) -> list[list[str]]:
        """Give the words of the lines that came since the last call."""
        data = os.read(self.status, 65536)
        *whole, self._unread = (self._unread + data).split(b"\n")
        return [line.decode().split(" ") for line in whole]


def start_warden(plan: Plan, tasks: Sequence[Task], own: Sequence[int]) -> Warden:
    """Start the warden, isolated as far as this machine allows, and a process per environment.

    A task's file takes its output; `own` are the launcher's open files that the warden must not
    keep.
    """
    kernel.prctl(kernel.CHILD_SUBREAPER, 1)
    if plan.isolation != "none" and not plan.container:  # a container has walls of its own
        with contextlib.suppress(OSError):
            return _fork_warden(plan, tasks, own, isolated=True)
    return _fork_warden(plan, tasks, own, isolated=False)


def _fork_warden(
    plan: Plan, tasks: Sequence[Task], own: Sequence[int], *, isolated: bool
) -> Warden:
    control_read, control_write = os.pipe()
    status_read, status_write = os.pipe()
    pid = os.fork()
    if pid == 0:
        for descriptor in (control_write, status_read, *own):
            os.close(descriptor)
        _become_warden(plan, tasks, (control_read, status_write), isolated=isolated)
    os.close(control_read)
    os.close(status_write)
    warden = Warden(pid, control_write, status_read, "namespaces" if isolated else "subreaper")
    try:
        _await_ready(warden, isolated=isolated)
    except OSError:
        os.close(control_write)
        os.close(status_read)
        raise
    return warden


def _await_ready(warden: Warden, *, isolated: bool) -> None:
    """Wait until the warden stands; with namespaces, it is a grandchild that was left to us."""
    greeting = _read_line(warden.status)
    if isolated:
        os.waitpid(warden.pid, 0)
    if greeting[0] != "warden":
        raise OSError(" ".join(greeting))
    warden.pid = int(greeting[1]) or warden.pid
    warden.order(b"G")
    answer = _read_line(warden.status)
    if answer[0] != "ready":
        os.waitpid(warden.pid, 0)
        raise OSError(" ".join(answer))


def _read_line(source: int) -> list[str]:
    text = b""
    while not text.endswith(b"\n"):
        byte = os.read(source, 1)
        if not byte:
            return ["gone"]
        text += byte
    return text.decode(errors="replace").split()


def _become_warden(
    plan: Plan, tasks: Sequence[Task], ends: tuple[int, int], *, isolated: bool
) -> None:
    """Run as the warden; never returns."""
    status = ends[1]
    try:
        if isolated:
            sandbox.separate()
            child = os.fork()
            if child:
                os.write(status, f"warden {child}\n".encode())
                os._exit(0)
        else:
            os.write(status, b"warden 0\n")
        # The launcher speaks only when it is our parent, so that its death is what we are told of.
        if os.read(ends[0], 1) == b"G":
            _Watch(plan, tasks, ends, isolated=isolated).run()
    except OSError as error:
        os.write(status, f"failed {error}\n".encode())
    finally:
        os._exit(1)


class _Watch:
    """The warden at work."""

    def __init__(
        self,
        plan: Plan,
        tasks: Sequence[Task],
        ends: tuple[int, int],
        *,
        isolated: bool,
    ) -> None:
        self.plan = plan
        self.tasks = tasks
        self.control, self.status = ends
        self.isolated = isolated
        self.mains: dict[int, int] = {}
        self.cpu = 0.0
        self.peak = 0
        self.killing = False

    def run(self) -> None:
        os.setsid()
        if self.isolated:
            kernel.prctl(
                kernel.PDEATHSIG, signal.SIGKILL
            )  # and with it, the kernel ends all below
        kernel.prctl(kernel.CHILD_SUBREAPER, 1)
        wakeup = self._listen()
        if self.isolated:
            sandbox.furnish(self.plan)
        self._tell("ready")
        for index, (environment, log) in enumerate(self.tasks):
            words = _words(self.plan, environment, index)
            self.mains[_start(self.plan, environment, log, words, self.isolated)] = index
        for log in {log for _, log in self.tasks}:
            os.close(log)
        self._tell("started")
        while self._reap():
            ready = select.select(
                [self.control, wakeup], [], [], _RETRY if self.killing else None
            )[0]
            if wakeup in ready:
                os.read(wakeup, 4096)
            if self.control in ready:
                self._obey(os.read(self.control, 64))
            if self.killing:
                self._kill()
        self._tell(f"gone {self.cpu:.6f} {self.peak}")
        os._exit(0)

    def _listen(self) -> int:
        wakeup, signalled = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
        signal.set_wakeup_fd(signalled, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        return wakeup

    def _tell(self, text: str) -> None:
        with contextlib.suppress(OSError):
            os.write(self.status, f"{text}\n".encode())

    def _obey(self, letters: bytes) -> None:
        if not letters or KILL in letters:
            self.killing = True  # no letter at all: the launcher is gone
        elif TERMINATE in letters:
            self._send_all(signal.SIGTERM)

    def _send_all(self, number: int) -> None:
        if self.isolated:
            with contextlib.suppress(ProcessLookupError):
                os.kill(-1, number)
        else:
            processes.send(processes.descendants(os.getpid()), number)

    def _kill(self) -> None:
        if self.isolated:
            self._send_all(signal.SIGKILL)
        else:
            processes.kill_all(
                lambda: processes.descendants(os.getpid()), seconds=_RETRY, reap=self._reap
            )

    def _reap(self) -> bool:
        """Take all that ended; say whether anything is left below us."""
        while True:
            try:
                pid, status, used = os.wait4(-1, os.WNOHANG)
            except ChildProcessError:
                return False
            if pid == 0:
                return True
            self.cpu += used.ru_utime + used.ru_stime
            self.peak = max(self.peak, used.ru_maxrss * 1024)
            if pid in self.mains:
                self._tell(f"ended {self.mains.pop(pid)} {status}")


def _words(plan: Plan, environment: Environment, index: int) -> list[str]:
    """Give the program to start: a shell with the command, here or in a container."""
    if plan.container:
        return container.run_command(plan, environment, os.environ, index)
    shell = next(path for path in _SHELLS if os.path.exists(path))
    return [shell, "-c", plan.command]


def _start(
    plan: Plan,
    environment: Environment,
    log: int,
    words: list[str],
    isolated: bool,  # noqa: FBT001 - private
) -> int:
    """Start the user's command under a shell, in a session of its own."""
    pid = os.fork()
    if pid:
        return pid
    try:
        os.setsid()
        kernel.prctl(kernel.PDEATHSIG, signal.SIGKILL)
        _plain_signals()
        with (
            contextlib.suppress(OSError),
            open("/proc/self/oom_score_adj", "w", encoding="ascii") as file,
        ):
            file.write(_OOM_FIRST)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        if isolated:
            sandbox.shed_power()
        _connect(log)
        os.chdir(f"{plan.folder}/wd")
        os.umask(0o022)
        os.execve(words[0], words, environment)  # noqa: S606 - the command is the user's
    except OSError as error:
        os.write(log, f"[zaffre] The command cannot be started: {error}\n".encode())
    finally:
        os._exit(126)


def _plain_signals() -> None:
    signal.set_wakeup_fd(-1)
    plain = (
        signal.SIGINT,
        signal.SIGHUP,
        signal.SIGTERM,
        signal.SIGCHLD,
        signal.SIGPIPE,
        signal.SIGXFSZ,
    )
    for number in plain:
        signal.signal(number, signal.SIG_DFL)


def _connect(log: int) -> None:
    nothing = os.open("/dev/null", os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(log, 1)
    os.dup2(log, 2)
