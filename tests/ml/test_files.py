from __future__ import annotations

import json

import pytest

from zaffre.errors import Failed, Invalid
from zaffre.kinds.document import Document
from zaffre.kinds.registry import kind
from zaffre.ml.checking import Checked, check
from zaffre.ml.downloads import File, fetch, inside, tree_files, tree_of
from zaffre.ml.preparing import prepare
from zaffre.ml.uploads import send_tree, walk


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "model"
    (made / "deep").mkdir(parents=True)
    (made / "a.txt").write_text("same")
    (made / "deep" / "b.txt").write_text("same")
    (made / "run.sh").write_text("#!/bin/sh")
    (made / "run.sh").chmod(0o700)
    return made


def test_equal_content_is_sent_once(fake, connection, folder):
    digest = send_tree(connection, walk(folder))
    assert len([path for path in fake.asked("PUT") if "/blobs/" in path]) == 2
    assert json.loads(fake.blobs[digest])["files"] == [
        [path, *rest] for path, *rest in sorted(json.loads(fake.blobs[digest])["files"])
    ]


def test_what_is_stored_is_not_sent_again(fake, connection, folder):
    first = send_tree(connection, walk(folder))
    fake.calls.clear()
    assert send_tree(connection, walk(folder)) == first
    assert not fake.asked("PUT")


def test_a_broken_upload_is_repeated_whole(fake, connection, folder):
    fake.faults = [(503, {"detail": "Busy."}), "cut", (503, {"detail": "Busy."})]
    digest = send_tree(connection, walk(folder))
    assert len(tree_files(connection, digest)) == 3


def test_what_was_sent_comes_back(fake, connection, folder, tmp_path):
    digest = send_tree(connection, walk(folder))
    fetch(connection, tree_files(connection, digest), tmp_path / "back")
    assert (tmp_path / "back" / "deep" / "b.txt").read_text() == "same"
    assert (tmp_path / "back" / "run.sh").stat().st_mode & 0o100


def test_a_damaged_download_is_not_left_behind(fake, connection, tmp_path):
    digest = "sha256:" + "0" * 64
    fake.blobs[digest] = b"something else"
    with pytest.raises(Failed, match="damaged"):
        fetch(connection, [File("a.txt", digest, 14)], tmp_path / "back")
    assert list((tmp_path / "back").iterdir()) == []


@pytest.mark.parametrize("path", ["../x", "/etc/passwd", "a/../../x", "", "a\\b"])
def test_a_tree_cannot_lead_out_of_the_folder(path, tmp_path):
    with pytest.raises(Invalid):
        inside(tmp_path, path)


def test_a_link_out_of_a_folder_is_refused(folder, tmp_path):
    (tmp_path / "secret").write_text("x")
    (folder / "link").symlink_to(tmp_path / "secret")
    with pytest.raises(Invalid, match="leads out"):
        walk(folder)


def test_references_to_trees_are_split():
    assert tree_of("azureml://trees/sha256:ab/x/y") == ("sha256:ab", "x/y")


def prepared(connection, name, data, folder):
    return prepare(connection, name, check(kind(name), Document(data, folder=folder)))


def test_a_model_keeps_its_folders_name(fake, connection, folder):
    ready = prepared(connection, "model", {"name": "m", "path": "./model"}, folder.parent)
    digest, inner = tree_of(ready["path"])
    assert inner == "model"
    assert {file.path for file in tree_files(connection, digest)} >= {
        "model/a.txt",
        "model/deep/b.txt",
    }


def test_a_single_file_is_a_tree_with_one_file(fake, connection, folder):
    ready = prepared(
        connection, "data", {"name": "d", "type": "uri_file", "path": "model/a.txt"}, folder.parent
    )
    digest, inner = tree_of(ready["path"])
    assert inner == "a.txt"
    assert [file.path for file in tree_files(connection, digest)] == ["a.txt"]


def test_everything_local_in_a_job_is_sent(fake, connection, folder):
    (folder.parent / "conda.yml").write_text(
        "dependencies:\n  - python=3.11\n  - pip:\n      - numpy\n"
    )
    ready = prepared(
        connection,
        "job",
        {
            "command": "ls",
            "code": "model",
            "environment": {"image": "python", "conda_file": "conda.yml"},
            "inputs": {
                "local": {"type": "uri_folder", "path": "./model"},
                "web": {"type": "uri_file", "path": "https://example.com/x.csv"},
                "asset": {"type": "uri_file", "path": "azureml:d:1"},
                "number": 3,
            },
        },
        folder.parent,
    )
    assert ready["code"].startswith("azureml://trees/sha256:")
    assert ready["inputs"]["local"]["path"].startswith("azureml://trees/sha256:")
    assert ready["inputs"]["web"]["path"] == "https://example.com/x.csv"
    assert ready["inputs"]["number"] == 3
    assert ready["environment"]["conda_file"]["dependencies"][0] == "python=3.11"


def test_what_is_missing_is_said_before_anything_is_sent(fake, connection, tmp_path):
    with pytest.raises(Invalid) as caught:
        prepared(
            connection,
            "job",
            {"command": "ls", "environment": "e@latest", "code": "./nowhere"},
            tmp_path,
        )
    assert caught.value.problems[0].place.field == "code"
    assert "nowhere" in caught.value.message
    assert not fake.calls


def test_a_field_given_on_the_command_line_starts_at_the_current_folder(
    fake, connection, folder, tmp_path, monkeypatch
):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(folder)
    document = Document({"name": "d", "type": "uri_file", "path": "a.txt"}, folder=elsewhere)
    ready = prepare(connection, "data", Checked(document.data, document), here=("path",))
    assert ready["path"].endswith("/a.txt")


def test_progress_is_drawn_on_a_terminal_only_and_for_long_work_only():
    import io

    from zaffre.ml.progress import Progress, size

    terminal, pipe = io.StringIO(), io.StringIO()
    with Progress("Uploading", 20_000_000, stream=terminal, shown=True) as progress:
        progress.advance(20_000_000)
    with Progress("Uploading", 20_000_000, stream=pipe) as progress:
        progress.advance(20_000_000)
    assert "100%" in terminal.getvalue()
    assert "20.0 MB" in terminal.getvalue()
    assert pipe.getvalue() == ""
    assert [size(1), size(1500), size(2.5e9), size(1e18)] == [
        "1 B",
        "1.5 kB",
        "2.5 GB",
        "1000000.0 TB",
    ]
