"""Wrong documents are refused with the right words: each `wrong/NAME.yml` has its answer beside it."""

from __future__ import annotations

from pathlib import Path

import pytest

from zaffre.errors import Invalid
from zaffre.kinds.loading import load
from zaffre.kinds.registry import by_noun, entries
from zaffre.kinds.render import render
from zaffre.kinds.yaml_text import read

FOLDER = Path(__file__).parent / "wrong"
FILES = sorted(FOLDER.glob("*.yml"))
NOUNS = {entry.noun.replace("online-", ""): entry.noun for entry in entries()}


def answer(file: Path) -> str:
    kind = by_noun(NOUNS[file.name.partition("-")[0]])
    try:
        load(kind, read(file.read_text(), file.name))
    except Invalid as error:
        return render(error) + "\n"
    return "accepted\n"


def test_there_are_many():
    assert len(FILES) >= 20


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_wrong_document_gets_its_answer(file: Path):
    assert answer(file) == file.with_suffix(".txt").read_text()


if __name__ == "__main__":
    for file in FILES:
        file.with_suffix(".txt").write_text(answer(file))
