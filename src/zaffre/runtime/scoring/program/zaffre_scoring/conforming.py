"""Rows in the form that the deployment's schema describes, whatever form they came in."""

from __future__ import annotations

from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from zaffre_scoring.tables import FORMS, Table

DEEPEST = 20


class Form(NamedTuple):
    """Where in a body the schema has the rows, and how: names of columns only for records."""

    field: str
    style: str
    names: Tuple[str, ...] = ()

    def document(self, table: Table) -> Dict[str, Any]:
        """Give rows as a body of this form."""
        found: Dict[str, Any] = {self.field: self._rows(table)}
        return {**found, "params": table.params} if table.params else found

    def _rows(self, table: Table) -> Any:
        names = table.columns or self.names
        rows = [row if isinstance(row, list) else [row] for row in table.rows]
        if self.style == "rows" or not names:
            return table.rows
        if self.style == "split":
            return {"columns": list(names), "index": list(range(len(rows))), "data": rows}
        if self.style == "columns":
            return {name: [row[at] for row in rows] for at, name in enumerate(names)}
        return [dict(zip(names, row)) for row in rows]


def form_of(schema: Dict[str, Any]) -> Optional[Form]:
    """Give the form that a schema describes; None where it has none of those that are known."""
    properties = _resolved(schema, schema).get("properties")
    if not isinstance(properties, dict):
        return None
    field = next((name for name in FORMS if name in properties), None)
    if field is None:
        return None
    inner = _resolved(properties[field], schema)
    own = inner.get("properties") or {}
    if inner.get("type") == "object" or own:
        return Form(field, "split") if "data" in own else Form(field, "columns", tuple(own))
    item = _resolved(inner.get("items"), schema)
    names = tuple(item.get("properties") or ())
    if item.get("type") == "object" or names:
        return Form(field, "records", names)
    return Form(field, "rows")


def _resolved(part: Any, schema: Dict[str, Any]) -> Dict[str, Any]:
    """Follow references inside of a schema."""
    for _ in range(DEEPEST):
        reference = part.get("$ref") if isinstance(part, dict) else None
        if not isinstance(reference, str) or not reference.startswith("#"):
            break
        part = _at(schema, reference.lstrip("#/").split("/"))
    return part if isinstance(part, dict) else {}


def _at(schema: Any, steps: List[str]) -> Any:
    for step in filter(None, steps):
        schema = schema.get(step) if isinstance(schema, dict) else None
    return schema
