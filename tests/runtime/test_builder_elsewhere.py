"""The builder on a machine of its own: an interpreter with nothing in it, and uv."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from adapters.channels import wheel
from adapters.test_environments_uv import RealClock, wait_for_all
from uv import find_uv_bin
from zaffre.adapters.uv import UvBuilder
from zaffre.kinds.lock import Lock
from zaffre.kinds.recipe import Recipe
from zaffre.testing.builder import ended

PROGRAM = Path(__file__).parents[2] / "src" / "zaffre" / "runtime" / "builder" / "__main__.py"


@pytest.fixture
def environ(tmp_path):
    """Give variables with uv on the search path, and a folder as the only index."""
    wheels = tmp_path / "wheels"
    for name in ("zadd", "pip"):
        wheel(wheels, name, "1.0")
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "uv").symlink_to(find_uv_bin())
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PIP_", "UV_", "ZAFFRE_"))}
    return {
        **kept,
        "PATH": f"{programs}:{os.environ['PATH']}",
        "UV_NO_CONFIG": "1",
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(wheels),
        "PIP_CONFIG_FILE": "/dev/null",
    }


@pytest.fixture
def node(tmp_path, environ):
    """Give a call of the builder as on a node."""
    root = tmp_path / "node"

    python = Path(os.path.realpath(sys.executable))
    command = [python, "-I", "-S", PROGRAM, "--below", root]

    def build(order):
        ended = subprocess.run(
            command,
            input=json.dumps(order),
            env=environ,
            capture_output=True,
            text=True,
            check=False,
        )
        assert ended.stdout, ended.stderr
        return ended.returncode, json.loads(ended.stdout)

    yield build
    wait_for_all(root)


@pytest.fixture
def server(tmp_path, environ):
    root = tmp_path / "home" / "envs"
    yield UvBuilder(root, environ, RealClock())
    wait_for_all(root)


RECIPE = Recipe(requirements=("zadd", "pip"))


def test_a_node_builds_what_the_server_built(server, node, tmp_path):
    first = ended(server, RECIPE)
    wait_for_all(tmp_path / "home" / "envs")
    wheel(tmp_path / "wheels", "zadd", "2.0")
    code, there = node(server.order(RECIPE))
    assert (code, there["state"]) == (0, "ready")
    assert tuple(there["packages"]) == first.packages == ("pip==1.0", "zadd==1.0")
    assert str(tmp_path / "node") in there["python"]
    subprocess.run([there["python"], "-c", "import zadd"], check=True)


def test_what_a_node_has_is_given_at_once(server, node, tmp_path):
    _, first = node(server.order(RECIPE))
    wait_for_all(tmp_path / "node")
    _, again = node(server.order(RECIPE))
    assert (again["python"], again["started_at"]) == (first["python"], first["started_at"])
    lock = Lock.from_text((Path(again["venv"]).parent / "lock.json").read_text())
    assert len(lock.pip) == 2


def test_what_a_node_cannot_build_says_why(node):
    code, record = node({"recipe": Recipe(requirements=("znothing", "pip")).to_json()})
    assert (code, record["state"]) == (1, "failed")
    assert "`znothing`" in record["error"]


def test_two_that_want_the_same_on_a_node_share_one_build(server, node):
    order = server.order(RECIPE)
    with ThreadPoolExecutor(2) as both:
        records = [record for _, record in both.map(node, [order, order])]
    assert {record["state"] for record in records} == {"ready"}
    assert len({record["started_at"] for record in records}) == 1
