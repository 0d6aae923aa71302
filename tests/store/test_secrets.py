"""Secrets at rest: sealed by a key in a private file, each bound to its row."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from zaffre.errors import Failed
from zaffre.store.secrets import FileSecrets


@pytest.fixture
def key(tmp_path: Path) -> Path:
    return tmp_path / "secret.key"


def test_what_is_sealed_opens_with_the_same_key_and_row(key: Path):
    sealed = FileSecrets(key).seal("hush-hush 🦊", "datastore:default/lake")
    assert "hush" not in sealed
    assert FileSecrets(key).open(sealed, "datastore:default/lake") == "hush-hush 🦊"


def test_the_same_text_is_sealed_differently_each_time(key: Path):
    secrets = FileSecrets(key)
    assert secrets.seal("hush", "a") != secrets.seal("hush", "a")


def test_what_belongs_to_another_row_does_not_open(key: Path):
    sealed = FileSecrets(key).seal("hush", "datastore:default/lake")
    with pytest.raises(Failed, match="cannot be opened"):
        FileSecrets(key).open(sealed, "datastore:default/other")


def test_another_key_or_a_changed_text_does_not_open(key: Path, tmp_path: Path):
    sealed = FileSecrets(key).seal("hush", "a")
    changed = sealed[:-6] + ("A" if sealed[-6] != "A" else "B") + sealed[-5:]
    for secrets, text in (
        (FileSecrets(tmp_path / "other.key"), sealed),
        (FileSecrets(key), changed),
    ):
        with pytest.raises(Failed) as raised:
            secrets.open(text, "a")
        assert "hush" not in str(raised.value)


def test_the_key_is_private_under_any_umask(key: Path):
    old = os.umask(0)
    try:
        FileSecrets(key)
    finally:
        os.umask(old)
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert len(key.read_bytes()) == 32
