"""Whether what an order names is there: said before anything is started, with what there is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from zaffre.kinds.near import listed, nearest
from zaffre.runtime.tables.databases import Database, shown
from zaffre.runtime.tables.order import Broken, Input, Refused

WHOLE = "*"
OWN = "zaffre_"
"""How tables begin that are ours."""


def require_columns(given: Input, known: Sequence[str]) -> None:
    """See that the input has all columns that the order names.

    Raises:
        Refused: it lacks some; all of them are named.
    """
    lacking = [(role, name) for role, name in _named(given) if name not in known]
    if not lacking:
        return
    parts = [f"{role} `{name}`{_meant(name, known)}" for role, name in lacking]
    verb = "is no column" if len(parts) == 1 else "are no columns"
    raise Refused(
        f"The {', '.join(parts)} {verb} of the input; it has {listed(known)}. "
        "Correct the name in the invocation's `inputs`."
    )


def _named(given: Input) -> Iterator[tuple[str, str]]:
    for role in ("key", "watermark"):
        if name := getattr(given, role):
            yield role, name
    yield from (("feature", name) for name in given.features)
    yield from (("kept column", name) for name in given.keep if name != WHOLE)


def unreadable(database: Database, given: Input, error: Broken) -> Refused:
    """Say why a table or query cannot be read; of a table that is not there, which are."""
    if not given.table:
        return Refused(f"The query cannot be read: {error}")
    try:
        database.rollback()
        known = [str(one) for one in database.read(database.dialect.catalogue)["name"].to_pylist()]
    except Broken:
        known = [given.table]
    if given.table in known:
        return Refused(f"The table `{given.table}` cannot be read: {error}")
    there = [name for name in known if not name.startswith(OWN)]
    has = f"it has {listed(there)}" if there else "it has no tables"
    missing = f"There is no table `{given.table}`{_meant(given.table, there)}"
    return Refused(
        f"{missing} in the database `{shown(given.address.url)}`; {has}. "
        "Correct `table` in the invocation's `inputs`."
    )


def _meant(name: str, known: Iterable[str]) -> str:
    meant = nearest(name, known)
    return f" (did you mean `{meant}`?)" if meant else ""
