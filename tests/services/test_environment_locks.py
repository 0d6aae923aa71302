"""Locks of environments as services see them, and who uses an environment."""

from __future__ import annotations

import json

import pytest

from services.test_environments import WS, builder, ctx, key
from zaffre.errors import NotFound
from zaffre.kinds.environment import EnvironmentSpec
from zaffre.kinds.job import CommandJobSpec, JobStatus
from zaffre.kinds.lock import Lock
from zaffre.kinds.resource import Key, Resource
from zaffre.ports.metadata import Add, Browse
from zaffre.services import environments
from zaffre.testing.builder import PLATFORM

__all__ = ["builder", "ctx"]


@pytest.fixture
def locked(ctx, builder, tmp_path):
    """Give an environment that was built, and whose lock was kept."""
    builder.locks = tmp_path
    environments.create(ctx, key("tools"), EnvironmentSpec(requirements=["six"]))
    environments.build(ctx, key("tools", "1"))
    environments.tend(ctx)
    return ctx


def test_a_lock_is_kept_as_content_when_the_build_has_ended(locked):
    status = environments.show(locked, key("tools", "1")).status
    assert list(status.locks) == [PLATFORM]
    text = environments.lock_of(locked, key("tools", "1"))
    assert Lock.from_text(text).pip == ("six",)
    assert text == environments.read_lock(locked.artifacts, status.locks[PLATFORM])
    assert environments.lock_of(locked, key("tools", "1"), PLATFORM) == text


def test_the_first_lock_stays(locked, builder):
    before = environments.show(locked, key("tools", "1"))
    builder.discard(before.status.hash)
    environments.build(locked, key("tools", "1"))
    environments.tend(locked)
    after = environments.show(locked, key("tools", "1"))
    assert after.revision == before.revision
    assert builder.begun[-1].locks == tuple(before.status.locks.items())


def test_a_lock_that_is_gone_hinders_nothing(locked):
    status = environments.show(locked, key("tools", "1")).status
    locked.artifacts.discard(status.locks[PLATFORM])
    assert environments.read_lock(locked.artifacts, status.locks[PLATFORM]) == ""


def test_what_was_not_built_has_no_lock(locked):
    environments.create(locked, key("other"), EnvironmentSpec(requirements=["attrs"]))
    with pytest.raises(NotFound) as none:
        environments.lock_of(locked, key("other", "1"))
    assert none.value.hint == "It gets one when it is built."
    with pytest.raises(NotFound, match="no lock for win-64") as other:
        environments.lock_of(locked, key("tools", "1"), "win-64")
    assert other.value.hint == f"It has one for {PLATFORM}."


def test_a_lock_that_cannot_be_read_is_left_out(ctx, builder, tmp_path):
    builder.locks = tmp_path
    for name in ("bad", "good"):
        environments.create(ctx, key(name), EnvironmentSpec(requirements=[f"{name}-package"]))
        environments.build(ctx, key(name, "1"))
    bad = environments.show(ctx, key("bad", "1")).status.hash
    (tmp_path / f"{bad}.json").write_text("no lock")
    environments.tend(ctx)
    assert environments.show(ctx, key("bad", "1")).status.locks == {}
    assert environments.show(ctx, key("good", "1")).status.locks


def test_a_lock_says_where_it_serves():
    lock = Lock("linux-x86_64", "3.11.7")
    assert lock.serves("linux-x86_64", "3.11.9")
    assert not lock.serves("linux-x86_64", "3.12.1")
    assert not lock.serves("linux-aarch64", "3.11.7")
    assert Lock.from_text(lock.to_text()) == lock


def test_an_environment_says_who_needs_it(locked):
    status = JobStatus(status="Running", environment_id="azureml:tools:1")
    job = Resource(
        Key("job", WS, "brave_cat"), CommandJobSpec(command="true", environment="tools:1"), status
    )
    locked.metadata.apply([Add(job)])
    assert environments.show(locked, key("tools", "1")).status.used_by == ["brave_cat"]
    listed = environments.browse(locked, Browse("environment", WS)).items
    assert [each.status.used_by for each in listed] == [["brave_cat"]]
    assert listed[0].status.made_of == "pip"


def test_a_build_log_is_there_when_there_was_a_build(locked):
    assert environments.build_log(locked, key("tools", "1")).startswith("building")
    environments.create(locked, key("other"), EnvironmentSpec(python="current"))
    assert environments.build_log(locked, key("other", "1")) == ""
    assert environments.show(locked, key("other", "1")).status.made_of == "interpreter"
    assert json.loads(environments.lock_of(locked, key("tools", "1")))["platform"] == PLATFORM
