"""The builder's child processes: in sessions of their own, they go on when the server ends."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field

from zaffre.adapters.uv.folder import Folder

PROGRAM = "zaffre.runtime.builder"


@dataclass
class Children:
    """Starts builds and notices when they end. Safe across threads."""

    environ: Mapping[str, str]
    _ended: set[str] = field(default_factory=set)
    _mutex: threading.Lock = field(default_factory=threading.Lock)

    def start(self, folder: Folder, lock: int) -> None:
        """Build what lies in a folder. The child inherits the lock: somebody always has it."""
        command = [sys.executable, "-m", PROGRAM, str(folder.path), "--lock", str(lock)]
        with folder.log.open("wb") as log:
            child = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=dict(self.environ),
                cwd=folder.path,
                start_new_session=True,
                pass_fds=(lock,),
            )
        waiter = threading.Thread(
            target=self._wait, args=(child, folder.path.name), name="build", daemon=True
        )
        waiter.start()

    def ended(self) -> set[str]:
        """Give the folders whose builds ended since this was last asked."""
        with self._mutex:
            ended, self._ended = self._ended, set()
        return ended

    def _wait(self, child: subprocess.Popen[bytes], name: str) -> None:
        child.wait()
        with self._mutex:
            self._ended.add(name)
