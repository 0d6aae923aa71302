"""Where in a shell's text a value stands: bare, in quotes, a comment, a here-document. Pure."""

from __future__ import annotations

import re
from enum import Enum

from zaffre.errors import Invalid

_HEREDOC = re.compile(r"<<(?!<)-?\s*(?P<quote>['\"\\]?)(?P<word>[A-Za-z_][A-Za-z0-9_]*)['\"]?")


class _Where(Enum):
    BARE = "bare"
    DOUBLE = "double"
    SINGLE = "single"
    ANSI = "ansi"
    COMMENT = "comment"
    HEREDOC = "heredoc"
    QUOTED_HEREDOC = "quoted heredoc"


class Quoting:
    """Follows a shell's text piece by piece and knows how to write a variable where it stopped."""

    def __init__(self) -> None:
        self._stack = [_Where.BARE]
        self._before = "\n"
        self._awaited: list[tuple[str, bool]] = []

    def after(self, text: str) -> Quoting:
        """Go on over a text."""
        at = 0
        while at < len(text):
            step = self._step(text, at)
            self._before = text[at + step - 1]
            at += step
        return self

    def wrap(self, variable: str, value: str) -> str:
        """Give how to write a variable here so that its value is one argument, or part of one.

        Raises:
            Invalid: the value cannot be put here safely.
        """
        where = self._stack[-1]
        self._before = "x"
        if where is _Where.QUOTED_HEREDOC:
            if "\n" in value:
                raise Invalid("A value with several lines cannot stand in a quoted here-document.")
            return value
        return {
            _Where.BARE: f'"${{{variable}}}"',
            _Where.SINGLE: f"'\"${{{variable}}}\"'",
            _Where.ANSI: f"'\"${{{variable}}}\"$'",
        }.get(where, f"${{{variable}}}")

    def _step(self, text: str, at: int) -> int:
        """Take in what begins at a place; say how many letters that was."""
        where = self._stack[-1]
        if where in (_Where.HEREDOC, _Where.QUOTED_HEREDOC):
            return self._in_heredoc(text, at)
        letter = text[at]
        if letter == "\\" and where in (_Where.BARE, _Where.DOUBLE, _Where.ANSI):
            return min(2, len(text) - at)
        if where is _Where.BARE:
            return self._in_bare(text, at)
        if where is _Where.DOUBLE:
            return self._in_double(text, at)
        if letter == ("\n" if where is _Where.COMMENT else "'"):
            self._stack.pop()
            return self._newline() if letter == "\n" else 1
        return 1

    def _in_bare(self, text: str, at: int) -> int:
        letter = text[at]
        heredoc = _HEREDOC.match(text, at) if letter == "<" else None
        if heredoc:
            self._awaited.append((heredoc["word"], bool(heredoc["quote"])))
            return heredoc.end() - at
        if letter == "'":
            self._stack.append(_Where.ANSI if self._before == "$" else _Where.SINGLE)
        elif letter == '"':
            self._stack.append(_Where.DOUBLE)
        elif letter == "(":
            self._stack.append(_Where.BARE)
        elif letter == ")" and len(self._stack) > 1:
            self._stack.pop()
        elif letter == "#" and self._before in " \t\n;&|(":
            self._stack.append(_Where.COMMENT)
        elif letter == "\n":
            return self._newline()
        return 1

    def _in_double(self, text: str, at: int) -> int:
        if text[at] == '"':
            self._stack.pop()
        elif text[at] == "(" and self._before == "$":
            self._stack.append(_Where.BARE)
        return 1

    def _newline(self) -> int:
        if self._awaited:
            self._stack.append(_Where.QUOTED_HEREDOC if self._awaited[0][1] else _Where.HEREDOC)
        return 1

    def _in_heredoc(self, text: str, at: int) -> int:
        """Take in a line of a here-document, or the rest of one."""
        end = text.find("\n", at)
        line = text[at:] if end < 0 else text[at:end]
        if self._before == "\n" and line.lstrip("\t") == self._awaited[0][0]:
            self._awaited.pop(0)
            self._stack.pop()
            if self._awaited:
                self._newline()
        return len(line) + (end >= 0)
