"""One worker process: loads the script, calls `init()` once and `run()` for each mini-batch."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import os
import pickle
import struct
import sys
import traceback
from typing import TYPE_CHECKING, Any

from zaffre_parallel.returned import written

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType
    from typing import IO

HEAD = struct.Struct("!Q")


class Context:
    """What a script may know of its mini-batch."""

    def __init__(self, at: int, key: dict[str, Any] | None) -> None:
        self.mini_batch_id = str(at)
        self.minibatch_index = str(at)
        self.partition_key_value = key
        self.dataset_info = None


def main() -> None:
    """Serve until the other end closes."""
    answers = os.fdopen(int(sys.argv[1]), "wb")
    script = sys.argv[2]
    sys.argv = [script or "predicting", *sys.argv[3:]]
    requests = sys.stdin.buffer
    sys.stdin = open(os.devnull)  # noqa: SIM115 (open for as long as the script runs)
    if script:
        sys.path.insert(0, os.path.dirname(os.path.abspath(script)))
    try:
        module = load(script)
        if hasattr(module, "init"):
            module.init()
    except BaseException as error:  # noqa: BLE001 (whatever the script does)
        traceback.print_exc()
        answer(answers, ("init", described(error), 0))
        return
    answer(answers, ("ready", "", 0))
    while True:
        head = requests.read(HEAD.size)
        if len(head) < HEAD.size:
            break
        at, batch, key = pickle.loads(requests.read(HEAD.unpack(head)[0]))  # noqa: S301 (the pool's)
        try:
            text, count = written(call(module.run, batch, Context(at, key)))
        except Exception as error:  # noqa: BLE001 (whatever the script does)
            traceback.print_exc()
            answer(answers, ("failed", described(error), 0))
        else:
            answer(answers, ("done", text, count))
    if hasattr(module, "shutdown"):
        module.shutdown()


def load(script: str) -> ModuleType:
    """Import the script as a module of its own name; without one, the model alone predicts."""
    if not script:
        return importlib.import_module("zaffre_parallel.predicting")
    name = os.path.splitext(os.path.basename(script))[0]
    spec = importlib.util.spec_from_file_location(name, script)
    if spec is None or spec.loader is None:
        raise ImportError(f"`{script}` is no Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def call(run: Callable[..., Any], batch: Any, context: Context) -> Any:
    """Call `run()` with the context where it takes one."""
    try:
        count = len(inspect.signature(run).parameters)
    except (TypeError, ValueError):
        count = 1
    return run(batch, context) if count > 1 else run(batch)


def described(error: BaseException) -> str:
    """Say what an error is, on one line."""
    return f"{type(error).__name__}: {error}"


def answer(file: IO[bytes], content: tuple[str, str, int]) -> None:
    """Send one answer."""
    data = pickle.dumps(content, protocol=4)
    file.write(HEAD.pack(len(data)) + data)
    file.flush()


if __name__ == "__main__":
    main()
