"""What a script collects while it answers a request: it goes to the gateway with the answer."""

from __future__ import annotations

import json
from typing import Any, Dict, List

TRAFFIC = ("model_inputs", "model_outputs")
"""Collections that the gateway captures itself."""
MOST_BYTES = 1 << 20
ID = "correlation_id"


class Collected:
    """Rows by the name of their collection; nothing is kept where nobody takes it."""

    def __init__(self) -> None:
        self.is_wanted = False
        self._rows: Dict[str, List[Dict[str, Any]]] = {}

    def add(self, name: str, data: Any, correlation: str) -> None:
        """Keep data of a collection for the answer under way.

        Raises:
            ValueError: JSON cannot hold it.
        """
        if not self.is_wanted or name in TRAFFIC:
            return
        rows = [{ID: correlation, **row} for row in rows_of(data)]
        json.dumps(rows)
        self._rows.setdefault(name, []).extend(rows)

    def take(self) -> Dict[str, str]:
        """Give all that was kept since the last answer, as JSON; what is too large is left out."""
        if not self._rows:
            return {}
        texts = {name: json.dumps(rows) for name, rows in self._rows.items()}
        self._rows = {}
        return {name: text for name, text in texts.items() if len(text) <= MOST_BYTES}


COLLECTED = Collected()


def rows_of(data: Any) -> List[Dict[str, Any]]:
    """Give collected data as rows: of a data frame, of records, or a single one."""
    if hasattr(data, "to_json") and hasattr(data, "columns"):
        found: List[Dict[str, Any]] = json.loads(data.to_json(orient="records"))
        return found
    if isinstance(data, dict):
        return [data]
    if isinstance(data, (list, tuple)) and all(isinstance(row, dict) for row in data):
        return list(data)
    return [{"data": data}]
