"""The commit that code came from."""

from __future__ import annotations

import subprocess

import pytest

from zaffre.ml import git


def run(folder, *arguments):
    identity = (
        "-c",
        "user.name=a",
        "-c",
        "user.email=a@example.org",
        "-c",
        "commit.gpgsign=false",
    )
    command = ["git", *identity, "-C", str(folder), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def repository(tmp_path):
    run(tmp_path, "init", "-q", "-b", "trunk")
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "a.py").write_text("1")
    run(tmp_path, "add", ".")
    run(tmp_path, "commit", "-q", "-m", "x")
    return tmp_path


def test_commit_and_branch_are_recorded(repository):
    assert git.properties(repository / "src") == {
        "mlflow.source.git.commit": run(repository, "rev-parse", "HEAD"),
        "mlflow.source.git.branch": "trunk",
        "azureml.git.dirty": "False",
    }


def test_changes_are_recorded(repository):
    (repository / "src" / "b.py").write_text("2")
    assert git.properties(repository / "src" / "a.py")["azureml.git.dirty"] == "True"


def test_the_origin_is_recorded_without_credentials(repository):
    run(repository, "remote", "add", "origin", "https://me:secret@example.org/x.git")
    assert git.properties(repository)["mlflow.source.git.repoURL"] == "https://example.org/x.git"


def test_no_repository_gives_nothing(tmp_path):
    assert git.properties(tmp_path) == {}


def test_a_repository_without_commits_gives_nothing(tmp_path):
    run(tmp_path, "init", "-q")
    assert git.properties(tmp_path) == {}
