"""Errors as text: what is wrong, where, and what to do, for a terminal or a log."""

from __future__ import annotations

from collections.abc import Iterator

from zaffre.errors import Problem, ZaffreError


def render(error: ZaffreError) -> str:
    """Give an error as lines: each problem begins with its place, its hint follows indented."""
    return "\n".join(_lines(error))


def render_problem(problem: Problem) -> str:
    """Give one problem as lines."""
    return "\n".join(_problem_lines(problem))


def _lines(error: ZaffreError) -> Iterator[str]:
    said_again = bool(error.problems) and error.problems[0].message == error.message
    if not said_again:
        yield error.message
        if error.hint:
            yield f"  {_indented(error.hint)}"
    for problem in error.problems:
        yield from _problem_lines(problem)


def _problem_lines(problem: Problem) -> Iterator[str]:
    where = str(problem.place)
    yield f"{where}: {problem.message}" if where else problem.message
    if problem.hint:
        yield f"  {_indented(problem.hint)}"


def _indented(text: str) -> str:
    return text.rstrip().replace("\n", "\n  ")
