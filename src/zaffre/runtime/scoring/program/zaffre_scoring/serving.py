"""The life of a worker: load what is served, answer until no gateway comes any more."""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import platform
import socket
import sys
import time
import traceback
from typing import Any, Dict, List, Optional, Union

from zaffre_scoring import stand_ins
from zaffre_scoring.collected import COLLECTED
from zaffre_scoring.frames import SKIPPED, Channel, Disconnected, Frame, Marks
from zaffre_scoring.output import say, use_timed_lines
from zaffre_scoring.request_schema import schema_of
from zaffre_scoring.requests import request_of
from zaffre_scoring.script import Script

INIT_FAILED = 3
NO = False


def main(path: str) -> int:
    """Serve one deployment as its specification says; gives the exit code."""
    with open(path, encoding="utf-8") as file:
        spec = json.load(file)
    use_timed_lines()
    channel = _channel(spec)
    began = time.perf_counter()
    try:
        served = _load(spec)
        hello = _greeting(spec, served)
    except BaseException as error:  # noqa: BLE001 - the user's code may raise anything
        trouble = _trouble(error, spec)
        say("init failed: " + trouble["error"])
        traceback.print_exc()
        channel.accept({"state": "failed", "pid": os.getpid(), **trouble})
        return INIT_FAILED
    say("ready", seconds=round(time.perf_counter() - began, 2), pid=os.getpid())
    while channel.accept(hello):
        with contextlib.suppress(Disconnected):
            while True:
                _answer(channel, served, channel.receive())
        channel.close()
    return 0


def _channel(spec: Dict[str, Any]) -> Channel:
    """Take the socket and the lock that the gateway handed over; the script's children do not."""
    os.set_inheritable(spec["lock_fd"], NO)
    listener = socket.socket(fileno=spec["listen_fd"])
    listener.set_inheritable(NO)
    return Channel(listener, Marks(spec["marks"]))


def _load(spec: Dict[str, Any]) -> Any:
    stand_ins.install()
    if spec.get("code_dir"):
        os.chdir(spec["code_dir"])
        sys.path.insert(0, spec["code_dir"])
    if not spec.get("script"):
        # Only here: scripts need none of it.
        return importlib.import_module("zaffre_scoring.model").Model(spec)
    path = os.path.join(spec["code_dir"], spec["script"])
    folder = os.path.dirname(path)
    if folder not in sys.path:
        sys.path.insert(0, folder)
    script = Script(path, spec["timeout_ms"], schema_of(spec))
    script.init()
    COLLECTED.is_wanted = True
    return script


def _greeting(spec: Dict[str, Any], served: Any) -> Dict[str, Any]:
    documents = served.documents(spec.get("code_dir") or os.getcwd())
    return {
        "state": "ready",
        "pid": os.getpid(),
        "mode": served.mode,
        "headers": served.wants_headers,
        "pings": True,
        "swagger": documents,
        "metadata": served.metadata() if served.mode == "model" else {},
        "compiled": getattr(served, "compiled", None),
        "python": platform.python_version(),
    }


def _answer(channel: Channel, served: Union[Script, Any], frames: List[Frame]) -> None:
    if served.mode == "model":
        _answer_together(channel, served, frames)
        return
    for frame in frames:
        if not channel.marks.begin(frame.number):
            channel.send(SKIPPED, frame.number)
            continue
        answer, spent = served.answer(request_of(frame))
        collected = COLLECTED.take()
        if collected:
            answer = answer._replace(collected=collected)
        kind, parts = answer.parts(spent)
        channel.send(kind, frame.number, *parts)


def _answer_together(channel: Channel, served: Any, frames: List[Frame]) -> None:
    """Answer all waiting requests with one prediction; of these, none is ever taken back."""
    for frame in frames:
        channel.marks.begin(frame.number)
    answers, spent = served.answer_all([request_of(frame) for frame in frames])
    channel.send_all(
        [(frame.number, *answer.parts(spent)) for frame, answer in zip(frames, answers)]
    )


def _trouble(error: BaseException, spec: Dict[str, Any]) -> Dict[str, Any]:
    """Say what went wrong and where in the user's code, for the deployment's status."""
    code_dir: Optional[str] = spec.get("code_dir")
    text = f"{type(error).__name__}: {error}"
    place: Dict[str, Any] = {"file": None, "line": None}
    frames = traceback.extract_tb(error.__traceback__)
    if isinstance(error, SyntaxError) and error.filename:
        place = {"file": error.filename, "line": error.lineno}
    for frame in frames:
        if code_dir and frame.filename.startswith(code_dir):
            place = {"file": frame.filename, "line": frame.lineno}
    if place["file"] and code_dir and place["file"].startswith(code_dir):
        place["file"] = os.path.relpath(place["file"], code_dir)
    where = "{}:{}: ".format(place["file"], place["line"]) if place["file"] else ""
    return {"error": where + text, **place}
