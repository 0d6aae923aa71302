"""Search filters and orders as clauses: `metrics.acc > 0.5 AND tags.stage LIKE 'prod%'`. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from zaffre.errors import Invalid
from zaffre.kinds.search_text import Sort, Token, is_quoted, tokens_of, unquoted

NUMERIC = frozenset({">", ">=", "!=", "=", "<", "<="})
TEXTUAL = frozenset({"!=", "=", "LIKE", "ILIKE"})
LISTS = frozenset({"IN", "NOT IN"})
NULLS = frozenset({"IS NULL", "IS NOT NULL"})

MOST = 100
"""Comparisons a filter may hold."""

LONGEST_LIST = 10_000
"""Texts a list in a filter may hold."""

_ESCAPE = re.compile(r"\\(['\"\\])")

Value = str | int | float | tuple[str, ...] | None


@dataclass(frozen=True)
class Field:
    """A known field: its true name, whether it is a number, and whether lists compare with it."""

    name: str
    numeric: bool = False
    lists: bool = False


@dataclass(frozen=True)
class Entity:
    """A group of things to search by. With `fields` only those exist, else any key does."""

    name: str
    operators: frozenset[str]
    numeric: bool = False
    fields: Mapping[str, Field] | None = None


@dataclass(frozen=True)
class Subject:
    """What is searched: its entities by every word for them; `bare` is meant without a word."""

    entities: Mapping[str, Entity]
    bare: Entity
    sortable: frozenset[str] = field(default_factory=frozenset)


@dataclass(frozen=True)
class Clause:
    """One comparison. `value` is a number, a text, several texts, or None for the null tests."""

    entity: str
    key: str
    operator: str
    value: Value = None


@dataclass(frozen=True)
class Order:
    """One thing to sort by."""

    entity: str
    key: str
    ascending: bool = True


def parse_filter(text: str | None, subject: Subject) -> list[Clause]:
    """Give the clauses that must all hold.

    Raises:
        Invalid: the text is no filter over this subject.
    """
    reader = _Reader(tokens_of(text or ""))
    clauses: list[Clause] = []
    while reader.more():
        if clauses:
            reader.expect_and()
        clauses.append(_clause(reader, subject))
    if len(clauses) > MOST:
        raise Invalid(f"A filter may hold at most {MOST} comparisons.")
    return clauses


def parse_order(text: str, subject: Subject) -> Order:
    """Give what an order-by text sorts by.

    Raises:
        Invalid: it is no `field [ASC|DESC]` over this subject.
    """
    words = tokens_of(text)
    if not words or words[0].sort is not Sort.NAME or len(words[1:]) > 1:
        raise Invalid(f"Invalid order_by clause '{text}'. Could not be parsed.")
    direction = words[-1].text.upper() if words[1:] else "ASC"
    if direction not in {"ASC", "DESC"}:
        raise Invalid(f"Invalid ordering key in order_by clause '{text}'.")
    entity, key, _ = _identifier(words[0].text, subject)
    if entity.name not in subject.sortable:
        raise Invalid(f"Invalid order_by entity: {entity.name}")
    return Order(entity.name, key, direction == "ASC")


class _Reader:
    """Walks over tokens."""

    def __init__(self, tokens: list[Token]) -> None:
        self._tokens = tokens
        self._place = 0

    def more(self) -> bool:
        return self._place < len(self._tokens)

    def peek(self) -> Token | None:
        return self._tokens[self._place] if self.more() else None

    def take(self) -> Token:
        token = self.peek()
        if token is None:
            raise Invalid(
                "Invalid clause(s) in filter string: it ends in the middle of a comparison"
            )
        self._place += 1
        return token

    def word(self, *words: str) -> bool:
        """Step over these words if they come next."""
        ahead = self._tokens[self._place : self._place + len(words)]
        if [token.text.upper() for token in ahead] != list(words):
            return False
        self._place += len(words)
        return True

    def expect_and(self) -> None:
        if not self.word("AND"):
            raise Invalid(f"Invalid clause(s) in filter string: '{self.take().text}'")


def _clause(reader: _Reader, subject: Subject) -> Clause:
    first = reader.take()
    if first.sort is not Sort.NAME:
        raise Invalid(f"Invalid comparison clause. Expected 'Identifier' found '{first.text}'")
    entity, key, known = _identifier(first.text, subject)
    operator = _operator(reader)
    numeric = known.numeric if known else entity.numeric
    allowed = _allowed(entity, known, numeric=numeric)
    if operator not in allowed:
        one_of = sorted(allowed)
        raise Invalid(f"Invalid comparator '{operator}' for '{first.text}', not one of {one_of}")
    if operator in NULLS:
        return Clause(entity.name, key, operator)
    if operator in LISTS:
        return Clause(entity.name, key, operator, _list(reader))
    value = reader.take()
    return Clause(
        entity.name, key, operator, _number(value, key) if numeric else _text(value, key)
    )


def _allowed(entity: Entity, known: Field | None, *, numeric: bool) -> frozenset[str]:
    if known is None:
        return entity.operators
    if numeric:
        return NUMERIC
    return entity.operators if known.lists else entity.operators - LISTS


def _identifier(text: str, subject: Subject) -> tuple[Entity, str, Field | None]:
    """Give the entity that an identifier means, the key in it, and the known field if any."""
    head, dot, tail = text.partition(".")
    entity = _entity(head, subject) if dot else subject.bare
    key = unquoted(unquoted(tail if dot else head, "'\""), "`")
    if entity.fields is None:
        return entity, key, None
    known = entity.fields.get(key)
    if known is None:
        keys = sorted(entity.fields)
        raise Invalid(f"Invalid {entity.name} key '{key}' specified. Valid keys are {keys}")
    return entity, known.name, known


def _entity(word: str, subject: Subject) -> Entity:
    found = subject.entities.get(unquoted(word, "`"))
    if found is None:
        names = sorted({one.name for one in subject.entities.values()})
        raise Invalid(f"Invalid entity type '{word}'. Valid values are {names}")
    return found


def _operator(reader: _Reader) -> str:
    for words in (("IS", "NOT", "NULL"), ("IS", "NULL"), ("NOT", "IN"), ("NOT", "LIKE")):
        if reader.word(*words):
            return " ".join(words)
    token = reader.take()
    word = token.text.upper()
    if token.sort is Sort.OPERATOR or (token.sort is Sort.NAME and word.isidentifier()):
        return word
    raise Invalid(f"Invalid comparison clause. Expected comparison found '{token.text}'")


def _number(token: Token, key: str) -> int | float:
    if token.sort is not Sort.NUMBER:
        raise Invalid(f"Expected numeric value type for '{key}'. Found {token.text}")
    try:
        return int(token.text)
    except ValueError:
        return float(token.text)


def _text(token: Token, key: str) -> str:
    if token.sort is Sort.TEXT or (token.sort is Sort.NAME and is_quoted(token.text, '"')):
        return token.text[1:-1]
    raise Invalid(
        f"Expected a quoted string value for '{key}' (e.g. 'my-value'). Got {token.text}"
    )


def _list(reader: _Reader) -> tuple[str, ...]:
    found = tuple(_texts(reader))
    if not 0 < len(found) <= LONGEST_LIST:
        raise Invalid(
            "While parsing a list in the query, expected a non-empty list of string values,"
            f" at most {LONGEST_LIST}; it has {len(found)}"
        )
    return found


def _texts(reader: _Reader) -> Iterator[str]:
    """Read `('a', "b")`; in lists, unlike elsewhere, a backslash takes a quote's meaning away."""
    if not reader.word("("):
        raise Invalid("While parsing a list in the query, expected '('")
    token = reader.take()
    while token.text != ")":
        if token.sort is not Sort.TEXT and not is_quoted(token.text, '"'):
            raise Invalid("While parsing a list in the query, expected a quoted string value")
        yield _ESCAPE.sub(r"\1", token.text[1:-1])
        token = reader.take()
        if token.text == ",":
            token = reader.take()
        elif token.text != ")":
            raise Invalid("While parsing a list in the query, expected ',' or ')'")
