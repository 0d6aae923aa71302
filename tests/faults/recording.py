"""Clients that write without pause and remember what they sent and what was answered."""

from __future__ import annotations

import hashlib
import http.client
import json
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from attacks.calling import Answer, Raw

WS = "/api/v1/workspaces/default"
ML = "/api/2.0/mlflow"
CURRENT = {"python": "current"}
GONE = (OSError, http.client.HTTPException)


@dataclass
class Sent:
    """One write: what it was, whether it was answered, and what came back."""

    kind: str
    name: str
    document: Any = None
    body: bytes = b""
    answered: bool = False
    answer: Any = None


@dataclass
class Recorder:
    """What all clients sent. `url` changes never: the server comes back on its port."""

    url: str
    token: str
    seed: int
    sent: list[Sent] = field(default_factory=list)
    stopping: threading.Event = field(default_factory=threading.Event)
    faults: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, one: Sent) -> Sent:
        with self.lock:
            self.sent.append(one)
        return one

    def of(self, kind: str) -> list[Sent]:
        return [one for one in self.sent if one.kind == kind]


class Client(threading.Thread):
    """One client; each of its writes is sent once, and some again with the same key after a cut."""

    def __init__(self, recorder: Recorder, number: int) -> None:
        super().__init__(name=f"client-{number}", daemon=True)
        self.recorder = recorder
        self.number = number
        self.random = random.Random(recorder.seed * 1000 + number)
        self.raw = Raw(recorder.url)
        self.count = 0
        self.run_id = ""

    def run(self) -> None:
        acts: list[Callable[[], None]] = [
            self.data,
            self.model,
            self.metrics,
            self.artifact,
            self.endpoint,
        ]
        acts += [self.job] if self.number < 2 else [self.metrics]
        try:
            while not self.recorder.stopping.is_set():
                self.count += 1
                self.random.choice(acts)()
                if self.number < 2:
                    time.sleep(self.random.random() * 0.1)
        except (
            BaseException
        ) as error:  # a client that dies must not look like one that found nothing
            self.recorder.faults.append(f"{self.name}: {error!r}")
            raise
        finally:
            self.raw.close()

    def name_of(self, kind: str) -> str:
        return f"{kind}-{self.number}-{self.count}"

    def write(
        self, one: Sent, method: str, path: str, *, key: str = "", again: bool = True
    ) -> Answer | None:
        """Send once; where a key makes it safe, again until there is an answer."""
        headers = {"Idempotency-Key": key} if key else {}
        while True:
            try:
                answer = self.raw.call(
                    method, path, one.document, body=one.body or None, token=self.recorder.token, headers=headers,
                    retry=False,
                )  # fmt: skip
            except GONE:
                self.raw.close()
                if not key or not again:
                    return None
            else:
                if answer.status < 300:
                    one.answered, one.answer = True, answer.json if answer.body else None
                    return answer
                if answer.status not in (503, 507):
                    self.recorder.faults.append(
                        f"{method} {path}: {answer.status} {answer.body[:300]!r}"
                    )
                    return answer
            if self.recorder.stopping.is_set():
                return None
            time.sleep(0.05)

    def content(self) -> tuple[bytes, str]:
        content = self.random.randbytes(self.random.choice((10, 1000, 100_000, 1_000_000)))
        return content, "sha256:" + hashlib.sha256(content).hexdigest()

    def data(self) -> None:
        content, digest = self.content()
        blob = self.recorder.note(Sent("blob", digest, body=content))
        if self.write(blob, "PUT", f"{WS}/blobs/{digest}") is None:
            return
        files = {"files": [["a.bin", digest, len(content), 420]]}
        tree = self.recorder.note(Sent("tree", digest, files))
        if (
            self.write(tree, "POST", f"{WS}/trees", key=f"tree-{digest}") is None
            or not tree.answered
        ):
            return
        name = f"data-{self.number}-{self.random.randrange(5)}"
        path = f"azureml://trees/{tree.answer['digest']}"
        one = Sent(
            "data",
            name,
            {"name": name, "type": "uri_folder", "path": path, "tags": {"op": self.name_of("d")}},
        )
        self.write(self.recorder.note(one), "POST", f"{WS}/data", key=self.name_of("data"))

    def job(self) -> None:
        lines = self.random.randrange(1, 400)
        op = self.name_of("j")
        command = (
            f"for i in $(seq {lines}); do echo {op} line $i; done; echo {op} > outputs/result.txt"
        )
        document = {
            "command": f"mkdir -p outputs; {command}",
            "environment": CURRENT,
            "tags": {"op": op},
        }
        one = self.recorder.note(
            Sent("job", op, {**document, "properties": {"lines": str(lines)}})
        )
        self.write(one, "POST", f"{WS}/jobs", key=op)
        time.sleep(0.2)

    def model(self) -> None:
        name = self.name_of("model")
        one = self.recorder.note(
            Sent("model", name, {"name": name, "tags": [{"key": "op", "value": name}]})
        )
        self.write(one, "POST", f"{ML}/registered-models/create")

    def endpoint(self) -> None:
        if self.random.random() < 0.7:
            return
        name = self.name_of("e")
        one = self.recorder.note(Sent("endpoint", name, {"name": name, "auth_mode": "key"}))
        self.write(one, "POST", f"{WS}/online-endpoints", key=name)

    def metrics(self) -> None:
        if not self.run_id or self.random.random() < 0.1:
            name = self.name_of("run")
            one = self.recorder.note(Sent("run", name, {"experiment_id": "0", "run_name": name}))
            if self.write(one, "POST", f"{ML}/runs/create") is None or not one.answered:
                return
            self.run_id = one.answer["run"]["info"]["run_id"]
        rows = [
            {"key": f"m{i}", "value": self.count + i / 10, "timestamp": 1, "step": self.count}
            for i in range(5)
        ]
        params = [{"key": f"p{self.count}", "value": "x" * 100}]
        document = {"run_id": self.run_id, "metrics": rows, "params": params}
        one = self.recorder.note(Sent("batch", f"{self.run_id}/{self.count}", document))
        self.write(one, "POST", f"{ML}/runs/log-batch")

    def artifact(self) -> None:
        if not self.run_id:
            return
        content, _ = self.content()
        name = f"0/{self.run_id}/artifacts/{self.name_of('a')}.bin"
        one = self.recorder.note(Sent("artifact", name, body=content))
        self.write(one, "PUT", f"/api/2.0/mlflow-artifacts/artifacts/{name}")


def all_items(call: Callable[[str], Any], path: str) -> list[dict[str, Any]]:
    """Give a whole listing, page by page."""
    found: list[dict[str, Any]] = []
    after = ""
    while True:
        page = call(f"{path}{'&' if '?' in path else '?'}limit=200&after={after}")
        found += page["items"]
        after = page["next"]
        if not after:
            return found


def port_of(url: str) -> int:
    port = urlsplit(url).port
    assert port is not None
    return port


def as_json(text: str) -> Any:
    return json.loads(text)
