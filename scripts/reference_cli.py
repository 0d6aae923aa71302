"""Write docs/reference/cli.md from the command line's help; `--check` says if it is stale."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import click

from zaffre.cli.main import root

PAGE = Path(__file__).resolve().parents[1] / "docs" / "reference" / "cli.md"
WIDTH = 100
HEAD = """\
# Command line

Written by `scripts/reference_cli.py` from `--help`. Results go to standard output, messages to
standard error. Exit code 0: done; 1: it failed; 2: it was written wrong.
"""


def commands(
    command: click.Command, words: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], str]]:
    """Give the help of a command and of all below it."""
    context = click.Context(
        command, info_name=" ".join(words), terminal_width=WIDTH, max_content_width=WIDTH
    )
    yield words, command.get_help(context)
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            if (found := command.get_command(context, name)) and not found.hidden:
                yield from commands(found, (*words, name))


def page() -> str:
    """Write the page."""
    parts = [HEAD]
    for words, text in commands(root, ("zaffre",)):
        level = min(len(words) + 1, 3)
        lines = "\n".join(line.rstrip() for line in text.splitlines())
        parts.append(f"{'#' * level} {' '.join(words)}\n\n```text\n{lines}\n```\n")
    return "\n".join(parts)


def main() -> int:
    """Write the page, or compare it."""
    text = page()
    if "--check" in sys.argv[1:]:
        if PAGE.exists() and PAGE.read_text() == text:
            return 0
        print(f"{PAGE.name} is stale: run python scripts/reference_cli.py", file=sys.stderr)
        return 1
    PAGE.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
