"""What the documentation says is so: every block of every page is run, in order, as a reader would."""

from __future__ import annotations

from pathlib import Path

import pytest

from docs.pages import Reader, agrees, blocks
from running import clean_environment

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(
    path
    for path in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
    if not {"decisions", "reference"} & set(path.parts)
)


def runs_something(page: Path) -> bool:
    return any(
        block.language in {"sh", "bash", "python"} and not block.title for block in blocks(page)
    )


def identity(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("page", [page for page in PAGES if runs_something(page)], ids=identity)
def test_a_page_does_what_it_says(page, home, tmp_path):
    folder = tmp_path / "reader"
    folder.mkdir()
    environment = {**clean_environment(home), "HOME": str(tmp_path), "TERM": "xterm"}
    environment.pop("ZAFFRE_URL", None)
    reader = Reader(folder, environment)
    printed: str | None = None
    try:
        for block in blocks(page):
            if block.language in {"", "text"} and block.title == "Output":
                assert printed is not None, f"line {block.line} shows the output of nothing"
                differs = agrees(printed, block.text)
                assert differs is None, (
                    f"line {block.line}: `{differs}` is not in what was printed:\n{printed}"
                )
            else:
                printed = reader.follow(block) or printed
    finally:
        reader.close()


def test_every_page_is_in_the_navigation():
    navigation = (ROOT / "mkdocs.yml").read_text()
    missing = [
        identity(page)
        for page in PAGES
        if page.is_relative_to(ROOT / "docs")
        and page.relative_to(ROOT / "docs").as_posix() not in navigation
    ]
    assert not missing


def test_every_decision_and_reference_page_is_linked():
    for folder in ("decisions", "reference"):
        top = ROOT / "docs" / folder
        index = (top / "README.md").read_text() + (ROOT / "mkdocs.yml").read_text()
        missing = [page.name for page in top.glob("[0-9a-z]*.md") if f"({page.name})" not in index]
        assert not missing, f"docs/{folder}/README.md does not link {missing}"
