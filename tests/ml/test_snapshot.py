"""Code snapshots: what goes with a job, what stays, what is refused."""

from __future__ import annotations

import os

import pytest

from zaffre.errors import Invalid
from zaffre.ml import snapshot


def write(root, **files):
    for name, text in files.items():
        place(root, name, text)


def place(root, path, text=""):
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return file


def paths(root):
    return [one.path for one in snapshot.entries(root)]


def test_files_come_in_the_order_of_their_paths(tmp_path):
    for path in ("b.py", "a/z.py", "a.py", "a-b.py", "B.py"):
        place(tmp_path, path)
    assert paths(tmp_path) == ["B.py", "a-b.py", "a.py", "a/z.py", "b.py"]


def test_what_no_job_needs_stays_behind(tmp_path):
    for path in (
        ".git/config",
        "a/__pycache__/x.pyc",
        "x.pyc",
        ".venv/bin/python",
        "node_modules/x/y.js",
        ".ipynb_checkpoints/x",
        "env/pyvenv.cfg",
        "env/lib/x.py",
        "train.py",
        ".env",
    ):
        place(tmp_path, path)
    assert paths(tmp_path) == [".env", "train.py"]


def test_gitignore_is_honoured_in_each_folder(tmp_path):
    place(tmp_path, ".gitignore", "*.log\n/data/\n!keep.log\n# no\n")
    place(tmp_path, "a/.gitignore", "*.tmp\n!*.log\n/only/x\n")
    for path in (
        "x.log",
        "keep.log",
        "data/x",
        "a/data/x",
        "a/y.log",
        "a/z.tmp",
        "a/only/x",
        "z.tmp",
    ):
        place(tmp_path, path)
    assert paths(tmp_path) == [
        ".gitignore",
        "a/.gitignore",
        "a/data/x",
        "a/y.log",
        "keep.log",
        "z.tmp",
    ]


def test_amlignore_wins_over_gitignore(tmp_path):
    place(tmp_path, ".gitignore", "*.csv\n")
    place(tmp_path, ".amlignore", "*.md\n!node_modules/\n")
    for path in ("a.csv", "b.md", "node_modules/x.js"):
        place(tmp_path, path)
    assert paths(tmp_path) == [".amlignore", ".gitignore", "a.csv", "node_modules/x.js"]


def test_a_file_knows_its_size_and_whether_it_runs(tmp_path):
    place(tmp_path, "run.sh", "echo").chmod(0o700)
    place(tmp_path, "x.txt", "abc").chmod(0o600)
    found = {one.path: (one.size, one.mode) for one in snapshot.entries(tmp_path)}
    assert found == {"run.sh": (4, 0o755), "x.txt": (3, 0o644)}


def test_links_inside_are_followed(tmp_path):
    place(tmp_path, "src/a.py", "1")
    (tmp_path / "b.py").symlink_to("src/a.py")
    (tmp_path / "lib").symlink_to("src")
    assert paths(tmp_path) == ["b.py", "lib/a.py", "src/a.py"]


@pytest.mark.parametrize("target", ["/etc/passwd", "../out.txt", "../out", "nowhere"])
def test_links_that_lead_out_are_refused(tmp_path, target):
    place(tmp_path, "out.txt")
    place(tmp_path, "out/x")
    root = tmp_path / "src"
    place(root, "a.py")
    (root / "link").symlink_to(target)
    with pytest.raises(Invalid) as caught:
        paths(root)
    assert "`link` is a link" in caught.value.problems[0].message
    assert ".amlignore" in (caught.value.hint or "")
    place(root, ".amlignore", "link\n")
    assert paths(root) == [".amlignore", "a.py"]


def test_a_link_round_in_circles_is_refused(tmp_path):
    place(tmp_path, "a/b/x.py")
    (tmp_path / "a/b/up").symlink_to("..")
    with pytest.raises(Invalid) as caught:
        paths(tmp_path)
    assert "lies in" in caught.value.problems[0].message


def test_what_is_no_file_and_what_has_no_name_is_refused(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    place(tmp_path, "a\\b")
    with pytest.raises(Invalid) as caught:
        paths(tmp_path)
    messages = [problem.message for problem in caught.value.problems]
    assert any("neither a file nor a folder" in message for message in messages)
    assert any("backslash" in message for message in messages)


def test_too_much_is_refused_with_the_largest_files(tmp_path):
    for number in range(8):
        place(tmp_path, f"data/{number}.bin", "x" * (1000 * (number + 1)))
    with pytest.raises(Invalid) as caught:
        snapshot.entries(tmp_path, largest=20_000)
    assert caught.value.code == "snapshot_too_large"
    assert "36.0 kB of code in 8 files; at most 20.0 kB" in caught.value.message
    assert [problem.message for problem in caught.value.problems][:2] == [
        "data/7.bin has 8.0 kB.",
        "data/6.bin has 7.0 kB.",
    ]
    place(tmp_path, ".amlignore", "data/[4-7].bin\n")
    assert len(snapshot.entries(tmp_path, largest=20_000)) == 5


def test_an_empty_folder_is_a_snapshot(tmp_path):
    assert paths(tmp_path) == []
