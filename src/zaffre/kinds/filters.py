"""MLflow's filter strings: comparisons joined by AND, parsed once, never executed. Pure."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from zaffre.errors import Invalid

LONGEST = 100_000
MOST = 200

_ENTITIES = {
    "metric": "metric",
    "metrics": "metric",
    "param": "param",
    "params": "param",
    "parameter": "param",
    "parameters": "param",
    "tag": "tag",
    "tags": "tag",
    "attribute": "attribute",
    "attributes": "attribute",
    "attr": "attribute",
    "dataset": "dataset",
    "datasets": "dataset",
}
_TOKEN = re.compile(
    r"""\s*(?:
      (?P<name>(?:`[^`]+`|"[^"]+"|[A-Za-z_][\w]*)(?:\.(?:`[^`]+`|"[^"]+"|[\w./\-]+))?)
    | (?P<number>[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)
    | (?P<text>'(?:[^']|'')*')
    | (?P<sign><=|>=|!=|<>|=|<|>)
    | (?P<mark>[(),])
    )""",
    re.VERBOSE,
)
_NAME = re.compile(r"""(?P<first>`[^`]+`|"[^"]+"|\w+)(?:\.(?P<rest>.+))?""", re.DOTALL)


@dataclass(frozen=True)
class Comparison:
    """One condition, on an attribute, metric, param, tag or dataset; lists are tuples."""

    entity: str
    key: str
    comparator: str
    value: str | float | tuple[str, ...]


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str


def parse(text: str | None) -> list[Comparison]:
    """Parse a filter string; none or an empty one has no conditions.

    Raises:
        Invalid: it does not follow the grammar.
    """
    if not text or not text.strip():
        return []
    if len(text) > LONGEST:
        raise Invalid(f"The filter string is longer than {LONGEST} characters.")
    reader = _Reader(_tokens(text), text)
    found = [reader.comparison()]
    while reader.more():
        reader.word("AND")
        found.append(reader.comparison())
        if len(found) > MOST:
            raise Invalid(f"The filter string has more than {MOST} conditions.")
    return found


def _tokens(text: str) -> list[_Token]:
    found: list[_Token] = []
    at = 0
    text = text.rstrip()
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None or match.lastgroup is None:
            raise Invalid(
                f"Invalid filter string: it cannot be read at {text[at : at + 20]!r}.", hint=_HINT
            )
        found.append(_Token(match.lastgroup, match[match.lastgroup]))
        at = match.end()
    return found


_HINT = "Write comparisons joined by AND: name = 'a' AND tags.k LIKE 'b%' AND metrics.m > 0.5."


class _Reader:
    """Reads tokens one after the other."""

    def __init__(self, tokens: list[_Token], text: str) -> None:
        self._tokens = tokens
        self._text = text
        self._at = 0

    def more(self) -> bool:
        """Say whether there are tokens left."""
        return self._at < len(self._tokens)

    def comparison(self) -> Comparison:
        """Read a name, a comparator and a value."""
        name = self._next("name")
        entity, key = _identifier(name.text)
        comparator = self._comparator()
        value = self._list() if comparator.endswith("IN") else self._value()
        return Comparison(entity, key, comparator, value)

    def word(self, word: str) -> None:
        """Read one word."""
        if self._next("name").text.upper() != word:
            raise self._wrong()

    def _comparator(self) -> str:
        token = self._next("sign", "name")
        if token.kind == "sign":
            return "!=" if token.text == "<>" else token.text
        word = token.text.upper()
        if word == "NOT":
            self.word("IN")
            return "NOT IN"
        if word not in ("LIKE", "ILIKE", "IN"):
            raise self._wrong()
        return word

    def _value(self) -> str | float:
        token = self._next("text", "number", "name")
        if token.kind == "number":
            return float(token.text) if re.search(r"[.eE]", token.text) else int(token.text[:400])
        if token.kind == "name" and not token.text.startswith('"'):
            raise Invalid(
                f"Expected a quoted string or a number for the value, found {token.text[:100]!r}.",
                hint=_HINT,
            )
        return _unquoted(token.text)

    def _list(self) -> tuple[str, ...]:
        self._mark("(")
        found = [_unquoted(self._next("text", "name").text)]
        while self._next("mark", peek=True).text == ",":
            self._mark(",")
            found.append(_unquoted(self._next("text", "name").text))
        self._mark(")")
        return tuple(found)

    def _mark(self, text: str) -> None:
        if self._next("mark").text != text:
            raise self._wrong()

    def _next(self, *kinds: str, peek: bool = False) -> _Token:
        if not self.more() or self._tokens[self._at].kind not in kinds:
            raise self._wrong()
        token = self._tokens[self._at]
        self._at += not peek
        return token

    def _wrong(self) -> Invalid:
        return Invalid(f"Invalid filter string: {self._text[:200]!r}.", hint=_HINT)


def _identifier(text: str) -> tuple[str, str]:
    parts = _NAME.fullmatch(text)
    first, rest = (parts["first"], parts["rest"]) if parts else (text, None)
    if rest is None:
        return "attribute", _unquoted(first)
    entity = _ENTITIES.get(_unquoted(first).lower())
    if entity is None:
        known = ", ".join(sorted(set(_ENTITIES)))
        raise Invalid(
            f"Invalid entity type '{first[:100]}'.", hint=f"Valid entity types are {known}."
        )
    return entity, _unquoted(rest)


def _unquoted(text: str) -> str:
    mark = text[0]
    if mark not in "'\"`":
        return text
    return text[1:-1].replace("''", "'") if mark == "'" else text[1:-1]


@dataclass(frozen=True)
class Order:
    """One key to sort by."""

    entity: str
    key: str
    ascending: bool = True


def parse_order(text: str) -> Order:
    """Parse `name`, `name ASC`, `metrics.m DESC`.

    Raises:
        Invalid: it is none of these.
    """
    words = re.fullmatch(
        r"\s*(.+?)(?:\s+(asc|desc))?\s*", text[:LONGEST], re.IGNORECASE | re.DOTALL
    )
    tokens = _tokens(words[1]) if words else []
    if words is None or len(tokens) != 1 or tokens[0].kind != "name":
        raise Invalid(f"Invalid order_by clause {text[:100]!r}.", hint="Write `name ASC`.")
    entity, key = _identifier(tokens[0].text)
    return Order(entity, key, (words[2] or "asc").lower() == "asc")


def like(pattern: str, *, blind: bool = False) -> re.Pattern[str]:
    """Give the regular expression of a LIKE pattern (`%` any text, `_` one character)."""
    parts = (
        ".*" if letter == "%" else "." if letter == "_" else re.escape(letter)
        for letter in pattern
    )
    return re.compile("".join(parts), re.DOTALL | (re.IGNORECASE if blind else 0))


_SIGNS: Mapping[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "=": operator.eq,
    "!=": operator.ne,
}


def text_matches(value: str | None, wanted: Comparison) -> bool:
    """Say whether a text meets a condition; what is not there meets none.

    Raises:
        Invalid: the comparator is none for texts.
    """
    asked, sign = wanted.value, wanted.comparator
    if isinstance(asked, tuple):
        return value is not None and (value in asked) == (sign == "IN")
    if sign in ("LIKE", "ILIKE"):
        return (
            value is not None
            and like(str(asked), blind=sign == "ILIKE").fullmatch(value) is not None
        )
    if sign not in ("=", "!="):
        raise Invalid(f"Invalid comparator for attribute: {sign}")
    return value is not None and (value == str(asked)) == (sign == "=")


def number_matches(value: float | None, wanted: Comparison) -> bool:
    """Say whether a number meets a condition.

    Raises:
        Invalid: the comparator or the value is none for numbers.
    """
    compare = _SIGNS.get(wanted.comparator)
    if compare is None:
        raise Invalid(f"Invalid comparator for attribute {wanted.key}: {wanted.comparator}")
    try:
        asked = float(wanted.value)  # type: ignore[arg-type]  # anything else is caught
    except (TypeError, ValueError, OverflowError):
        raise Invalid(
            f"Invalid value for numeric attribute '{wanted.key}': {wanted.value!r}"
        ) from None
    return value is not None and compare(value, asked)
