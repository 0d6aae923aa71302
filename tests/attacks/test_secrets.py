"""A secret is nowhere but where it was given: tokens and keys are looked for in four encodings."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from attacks import forms
from attacks.forms import label, request
from attacks.world import HERE, V1, World


@pytest.fixture(scope="module")
def secrets(world: World) -> Iterator[dict[str, str]]:
    """The owner's token, an endpoint's keys, and the token of a job that runs."""
    job = {
        "name": "keeper",
        "command": 'echo "$MLFLOW_TRACKING_TOKEN" | rev; sleep 2000',
        "environment": {"python": "current"},
    }
    world.ask("POST", f"{V1}/{HERE}/jobs", job)
    keys = world.ask("GET", f"{V1}/{HERE}/online-endpoints/own-online-endpoints-d/keys")
    log = f"{V1}/{HERE}/jobs/keeper/logs?follow=false"
    text = b""
    for _ in range(600):
        text = world.call("GET", log).body
        if text.endswith(b"\n"):
            break
        time.sleep(0.05)
    token = text.decode().strip()[::-1]
    assert token.startswith("zaf_"), text
    yield {
        "owner": world.tokens["owner"],
        "job": token,
        "primary": keys["primaryKey"],
        "secondary": keys["secondaryKey"],
    }
    with contextlib.suppress(AssertionError):
        world.ask("POST", f"{V1}/{HERE}/jobs/keeper/cancel")


def encodings(secret: str) -> list[bytes]:
    """Spell a secret as it is, in base64 at each of the three places, as hex, and as a part of an address."""
    raw = secret.encode()
    inner = [base64.b64encode(b"x" * shift + raw)[4:-4] for shift in range(3)]
    return [
        raw,
        *inner,
        raw.hex().encode(),
        quote(secret, safe="").replace("_", "%5F").encode(),
        raw[::-1] + b"\x00",
    ]


def files(home: Path) -> Iterator[Path]:
    for folder, folders, names in os.walk(home):
        folders[:] = [name for name in folders if name != "envs"]
        yield from (Path(folder) / name for name in names)


def test_no_file_holds_a_secret_that_is_not_its_own(world: World, secrets: dict[str, str]):
    home = world.server.home
    found = []
    for path in [*files(home), world.server.log]:
        if not path.is_file() or path.is_fifo():
            continue
        with contextlib.suppress(OSError):
            content = path.read_bytes()
            for who, secret in secrets.items():
                if any(form in content for form in encodings(secret)):
                    found.append((who, str(path.relative_to(home.parent))))
    allowed = {("owner", "home/token"), ("job", "home/jobs/keeper/plan.json")}
    assert set(found) <= allowed, set(found) - allowed
    for _, name in found:
        assert (home.parent / name).stat().st_mode & 0o077 == 0, name


def test_no_command_line_holds_a_secret(secrets: dict[str, str]):
    forms_of = [form for secret in secrets.values() for form in encodings(secret)]
    for process in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            line = (process / "cmdline").read_bytes() if process.name.isdigit() else b""
            assert not [form for form in forms_of if form in line], line[:200]


def test_no_answer_shows_a_secret_but_the_one_that_may(world: World, secrets: dict[str, str]):
    forms_of = {who: encodings(secret) for who, secret in secrets.items()}
    for route in forms.routes():
        if route.path.endswith(("/keys", "/regenerate-keys")):
            continue
        if route.method not in ("GET", "POST") or route.path.endswith(("/archive", "/gc")):
            continue
        sent = request(route, forms.replace(world.here, job="keeper", run="keeper"))
        answer = world.call(sent.method, sent.path, sent.document, body=sent.body)
        shown = [
            who for who, them in forms_of.items() if any(form in answer.body for form in them)
        ]
        assert not shown, (label(route), shown)
        assert not [
            name
            for name, value in answer.headers.items()
            if any(s in value for s in secrets.values())
        ]


def test_errors_do_not_repeat_what_was_sent_as_a_secret(world: World):
    for header in ("Authorization", "Cookie", "X-Api-Key"):
        answer = world.call(
            "GET", V1, who="none", headers={header: "Bearer zaf_canary-canary-canary"}
        )
        assert b"canary" not in answer.body + json.dumps(answer.headers).encode()
    assert "zaf_canary" not in world.server.log.read_text()


def test_the_home_is_private(world: World):
    home = world.server.home
    assert home.stat().st_mode & 0o077 == 0
    for path in (
        home / "token",
        home / "secret.key",
        home / "zaffre.db",
        home / "run" / "gateway.json",
        home / "run" / "server.json",
    ):
        assert not path.exists() or path.stat().st_mode & 0o077 == 0, path
