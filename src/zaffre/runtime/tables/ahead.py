"""Read the next chunk in a thread while one is worked on."""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Iterator

from zaffre.runtime.tables.chunks import Chunk

Item = Chunk | BaseException | None
"""A chunk, what reading failed of, or nothing more."""


@contextlib.contextmanager
def ahead(chunks: Iterator[Chunk]) -> Iterator[Iterator[Chunk]]:
    """Give chunks that are read one ahead; what reading raises is raised where they are taken."""
    ready: queue.Queue[Item] = queue.Queue(maxsize=1)
    stopped = threading.Event()
    thread = threading.Thread(target=_read, args=(chunks, ready, stopped), daemon=True)
    thread.start()
    try:
        yield _given(ready)
    finally:
        stopped.set()
        thread.join()


def _read(chunks: Iterator[Chunk], ready: queue.Queue[Item], stopped: threading.Event) -> None:
    try:
        for chunk in chunks:
            if not _put(chunk, ready, stopped):
                return
    except BaseException as error:  # noqa: BLE001 (handed to the one who waits)
        _put(error, ready, stopped)
    else:
        _put(None, ready, stopped)


def _put(item: Item, ready: queue.Queue[Item], stopped: threading.Event) -> bool:
    while not stopped.is_set():
        with contextlib.suppress(queue.Full):
            ready.put(item, timeout=0.1)
            return True
    return False


def _given(ready: queue.Queue[Item]) -> Iterator[Chunk]:
    while (item := ready.get()) is not None:
        if isinstance(item, BaseException):
            raise item
        yield item
