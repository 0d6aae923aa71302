"""The home is private, held by one server, and keeps its token."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from zaffre.errors import Conflict, Failed, Invalid
from zaffre.ml.home import Home as ClientHome
from zaffre.server import home, isolation
from zaffre.server.settings import from_environment
from zaffre.store.secrets import FileSecrets


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_all_folders_are_open_to_the_owner_alone(tmp_path: Path) -> None:
    place = home.prepare(tmp_path / "home")
    assert {mode(folder) for folder in [place.root, *place.root.iterdir()]} == {0o700}


def test_a_home_that_was_open_is_closed(tmp_path: Path) -> None:
    root = tmp_path / "home"
    root.mkdir(mode=0o755)
    home.prepare(root)
    assert mode(root) == 0o700


@pytest.mark.parametrize("name", ["token", "metrics-token", "secret.key", "zaffre.db"])
def test_a_secret_that_was_open_is_closed(tmp_path: Path, name: str, caplog: Any) -> None:
    root = tmp_path / "home"
    root.mkdir()
    (root / name).write_text("s")
    (root / name).chmod(0o644)
    home.prepare(root)
    assert mode(root / name) == 0o600
    assert f"{name} was open to others (mode 644)" in caplog.text


def test_a_lock_of_the_clients_is_private_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        with ClientHome(tmp_path / "home").alone("start.lock"):
            assert mode(tmp_path / "home" / "run" / "start.lock") == 0o600
    finally:
        os.umask(before)


def test_the_level_of_isolation_is_tried_and_told() -> None:
    assert isolation.level("none") == "subreaper"
    assert isolation.level("auto") in {"namespaces", "subreaper"}


def test_a_second_server_is_refused_and_told_who_holds_the_home(tmp_path: Path) -> None:
    place = home.prepare(tmp_path / "home")
    held = home.hold(place)
    home.announce(place, "http://127.0.0.1:8642", "http://127.0.0.1:8643", 0.0, "namespaces")
    with pytest.raises(Conflict, match=r"pid \d+, http://127.0.0.1:8642"):
        home.hold(place)
    held.close()
    home.hold(place).close()


def test_the_token_is_made_once_and_private(tmp_path: Path) -> None:
    place = home.prepare(tmp_path / "home")
    token = home.owner_token(place)
    assert home.owner_token(place) == token
    assert len(token) > 40
    assert mode(place.root / "token") == 0o600


def test_the_metrics_have_a_token_of_their_own(tmp_path: Path) -> None:
    place = home.prepare(tmp_path / "home")
    assert home.metrics_token(place) != home.owner_token(place)
    assert mode(place.metrics_token) == 0o600


def test_the_server_says_who_it_is(tmp_path: Path) -> None:
    place = home.prepare(tmp_path / "home")
    home.announce(place, "http://a", "http://b", 1.5, "namespaces")
    facts = json.loads((place.run / "server.json").read_text())
    assert set(facts) == {
        "pid",
        "boot",
        "start_time",
        "url",
        "gateway_url",
        "started",
        "isolation",
    }
    assert mode(place.run / "server.json") == 0o600


def test_secrets_open_only_where_they_belong(tmp_path: Path) -> None:
    secrets = FileSecrets(tmp_path / "secret.key")
    sealed = secrets.seal("hush", "endpoint:a")
    assert FileSecrets(tmp_path / "secret.key").open(sealed, "endpoint:a") == "hush"
    assert sealed != secrets.seal("hush", "endpoint:a")
    assert mode(tmp_path / "secret.key") == 0o600
    with pytest.raises(Failed, match="cannot be opened"):
        secrets.open(sealed, "endpoint:b")
    with pytest.raises(Failed, match="cannot be opened"):
        FileSecrets(tmp_path / "other.key").open(sealed, "endpoint:a")


def test_settings_come_from_variables(tmp_path: Path) -> None:
    found = from_environment(
        {
            "ZAFFRE_HOME": str(tmp_path),
            "ZAFFRE_PORT": "0",
            "ZAFFRE_HOSTS": "a:1, b:2",
            "ZAFFRE_MIRRORS": '{"https://a/": "file:///b/"}',
        }
    )
    assert (found.home, found.port, found.gateway_port) == (tmp_path, 0, None)
    assert found.hosts == ("a:1", "b:2")
    assert found.mirrors == {"https://a/": "file:///b/"}
    assert found.database_url == f"sqlite:///{tmp_path / 'zaffre.db'}"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ZAFFRE_PORT", "http"),
        ("ZAFFRE_PORT", "70000"),
        ("ZAFFRE_MIRRORS", "["),
        ("ZAFFRE_MIRRORS", "[]"),
    ],
)
def test_a_wrong_variable_is_named(name: str, value: str) -> None:
    with pytest.raises(Invalid, match=name):
        from_environment({name: value})
