"""The words of a search filter: text becomes tokens. Pure."""

from __future__ import annotations

import re
from enum import Enum
from typing import NamedTuple

from zaffre.errors import Invalid

LONGEST = 100_000
"""Characters a filter may have."""


class Sort(Enum):
    """What a token is."""

    NAME = "name"
    TEXT = "text"
    NUMBER = "number"
    OPERATOR = "operator"
    MARK = "mark"


class Token(NamedTuple):
    """One token: its sort, and its text as it was written."""

    sort: Sort
    text: str


_BACKTICKED = r"`[^`]*`"
_DOUBLE = r'"(?:\\.|[^"\\])*"'
_SINGLE = r"'(?:''|\\'|[^'])*'"
_PART = rf"(?:{_BACKTICKED}|{_DOUBLE}|[^\W\d]\w*)"
_TAIL = rf"(?:{_BACKTICKED}|{_DOUBLE}|{_SINGLE}|\w+)"
_TOKEN = re.compile(
    rf"""
    (?P<space>\s+)
  | (?P<number>[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?(?![\w.]))
  | (?P<text>{_SINGLE})
  | (?P<operator><=|>=|!=|<>|==|=|<|>)
  | (?P<name>{_PART}(?:\.{_TAIL})*)
  | (?P<mark>[(),])
    """,
    re.VERBOSE | re.DOTALL,
)


def tokens_of(text: str) -> list[Token]:
    """Split a filter into tokens.

    Raises:
        Invalid: something in it is no word of the grammar.
    """
    if len(text) > LONGEST:
        raise Invalid(f"The filter is longer than {LONGEST} characters.")
    if "\x00" in text:
        raise Invalid("The filter holds a NUL character.")
    found: list[Token] = []
    place = 0
    while place < len(text):
        match = _TOKEN.match(text, place)
        if match is None:
            raise Invalid(f"Invalid clause(s) in filter string: '{text[place : place + 40]}'")
        if match.lastgroup != "space":
            found.append(Token(Sort(match.lastgroup), match.group()))
        place = match.end()
    return found


def is_quoted(text: str, marks: str) -> bool:
    """Say whether a text stands in one of these quotes."""
    return len(text) > 1 and text[0] in marks and text[-1] == text[0]


def unquoted(text: str, marks: str) -> str:
    """Take the quotes off; what is between them stays as it is."""
    return text[1:-1] if is_quoted(text, marks) else text
