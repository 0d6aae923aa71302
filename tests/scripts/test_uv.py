"""uv gets what pip is set to."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

PROGRAM = Path(__file__).resolve().parents[2] / "scripts" / "uv.py"


@pytest.fixture(scope="module")
def uv():
    spec = importlib.util.spec_from_file_location("uv_program", PROGRAM)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_indexes_and_links_are_passed_on(uv, tmp_path):
    told = uv.uv_settings(
        {
            "index-url": "https://one.example/simple",
            "extra-index-url": f"https://two.example/simple {tmp_path.as_uri()}",
            "find-links": str(tmp_path),
            "cert": "/etc/certificates.pem",
        }
    )
    assert told == {
        "UV_DEFAULT_INDEX": "https://one.example/simple",
        "UV_INDEX": f"https://two.example/simple {tmp_path.as_uri()}",
        "UV_FIND_LINKS": str(tmp_path),
        "UV_INDEX_STRATEGY": "unsafe-best-match",
        "SSL_CERT_FILE": "/etc/certificates.pem",
    }


def test_folders_that_are_not_there_are_left_out(uv, tmp_path):
    told = uv.uv_settings(
        {"extra-index-url": (tmp_path / "none").as_uri(), "find-links": str(tmp_path / "none")}
    )
    assert told == {}


def test_without_settings_nothing_is_said(uv):
    assert uv.uv_settings({}) == {}


def test_the_environment_wins_over_pips_files(uv, monkeypatch, tmp_path):
    configuration = tmp_path / "pip.conf"
    configuration.write_text("[global]\nfind-links = /from/file\n")
    monkeypatch.setenv("PIP_CONFIG_FILE", str(configuration))
    monkeypatch.setenv("PIP_FIND_LINKS", "/from/environment")
    assert uv.pip_settings()["find-links"] == "/from/environment"
