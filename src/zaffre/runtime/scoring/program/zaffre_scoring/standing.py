"""A package's own server and command line: answers over HTTP, from a file, or checks itself."""

from __future__ import annotations

import argparse
import json
import os
import platform
import queue
import signal
import sys
import threading
from typing import Any, List, Sequence

from zaffre_scoring.comparing import difference
from zaffre_scoring.opening import Opened, manifest_of
from zaffre_scoring.requests import Request
from zaffre_scoring.web import Server, Waiting

EXAMPLE_REQUEST = "example/request.json"
EXAMPLE_ANSWER = "example/answer.json"
MOST_TOGETHER = 64
WRONG = 2


def main(folder: str, arguments: Sequence[str]) -> int:
    """Do what the command line says; gives the exit code."""
    given = _arguments(folder, arguments)
    try:
        opened = Opened(folder)
    except ImportError as error:
        sys.stderr.write(
            f"`{error.name}` is not installed. `pip install -r requirements.txt` in this folder"
            f" installs all that is needed, on Python {manifest_of(folder)['python']}.\n"
        )
        return 1
    if given.check:
        return _check(opened, folder)
    if given.score:
        return _score(opened, given.score)
    return _serve(opened, given.host, given.port)


def _arguments(folder: str, arguments: Sequence[str]) -> argparse.Namespace:
    found = manifest_of(folder)
    parser = argparse.ArgumentParser(
        prog="serve.py",
        description=f"Serve the model {found['name']}, version {found['version']}.",
        epilog="With SCORING_KEY=SECRET set, only calls with that bearer key are answered.",
    )
    parser.add_argument("--host", default="127.0.0.1", help="address (default: this machine only)")
    parser.add_argument("--port", type=int, default=8080, help="port (default: 8080)")
    parser.add_argument(
        "--score", metavar="FILE", help="answer one request from a file (- is stdin)"
    )
    parser.add_argument(
        "--check", action="store_true", help="answer the example again and compare"
    )
    return parser.parse_args(arguments)


def _check(opened: Opened, folder: str) -> int:
    """Answer the example again, here, and compare with what was answered where it was packaged."""
    if not os.path.isfile(os.path.join(folder, EXAMPLE_REQUEST)):
        sys.stderr.write("The package has no example to check itself with.\n")
        return WRONG
    with open(os.path.join(folder, EXAMPLE_REQUEST), "rb") as request:
        (answer,) = opened.answer([Request(request.read())])
    with open(os.path.join(folder, EXAMPLE_ANSWER), encoding="utf-8") as file:
        apart = difference(json.load(file), json.loads(answer.body))
    ok = apart.largest <= opened.manifest["tolerance"]
    word = "as" if ok else "not as"
    sys.stdout.write(f"It answers {word} where it was packaged: {apart.text}.\n")
    return 0 if ok else 1


def _score(opened: Opened, path: str) -> int:
    if path == "-":
        body = sys.stdin.buffer.read()
    else:
        with open(path, "rb") as file:
            body = file.read()
    (answer,) = opened.answer([Request(body)])
    sys.stdout.write(answer.body.decode("utf-8", "replace") + "\n")
    return 0 if answer.status < 400 else 1  # noqa: PLR2004 - an HTTP status


def _serve(opened: Opened, host: str, port: int) -> int:
    """Answer until a signal comes; here, in the main thread: timeouts of scripts want it."""
    waiting = Waiting()
    server = Server(host, port, waiting, opened.documents(), os.environ.get("SCORING_KEY", ""))
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: waiting.end())
    threading.Thread(target=server.serve_forever, daemon=True).start()
    what = f"{opened.manifest['name']} {opened.manifest['version']}"
    place = f"http://{host}:{server.server_port}/score"
    sys.stdout.write(f"{what} answers at {place} (Python {platform.python_version()})\n")
    sys.stdout.flush()
    while True:
        calls = _taken(waiting)
        if calls is None:
            server.shutdown()
            return 0
        for call, answer in zip(calls, opened.answer([call.request for call in calls])):
            call.done(answer)


def _taken(waiting: Waiting) -> Any:
    """Wait for a call and take all that wait with it; None when it is time to end."""
    first = waiting.take()
    if first is None:
        return None
    calls: List[Any] = [first]
    while len(calls) < MOST_TOGETHER:
        try:
            call = waiting.take_now()
        except queue.Empty:
            break
        if call is None:
            waiting.end()
            break
        calls.append(call)
    return calls
