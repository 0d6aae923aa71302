"""Print the rows of a Parquet file: `python -m zaffre.runtime.parquet FILE COLUMN...`.

Each row is a line with a JSON list of the columns' values. What is wrong is a line with an object:
`{"error": ..., "hint": ...}`, and the exit code is 2.
"""

from __future__ import annotations

import base64
import json
import sys
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from importlib import import_module
from typing import Any

ROWS = 10_000


def main(path: str, columns: Sequence[str]) -> int:
    """Print the rows, some at a time."""
    try:
        parquet: Any = import_module("pyarrow.parquet")
    except ImportError:
        hint = "Install it beside the server: `pip install 'zaffre[server,tables]'`."
        return _wrong("Parquet needs pyarrow, which is not installed", hint)
    try:
        file = parquet.ParquetFile(path)
        missing = [name for name in columns if name not in file.schema_arrow.names]
        if missing:
            known = ", ".join(f"`{name}`" for name in file.schema_arrow.names)
            return _wrong(f"there is no column `{missing[0]}`", f"It has {known}.")
        for some in file.iter_batches(ROWS, columns=list(columns)):
            cells = [some.column(name).to_pylist() for name in columns]
            lines = (json.dumps(row, default=_plain) for row in zip(*cells, strict=True))
            sys.stdout.write("".join(f"{line}\n" for line in lines))
    except (OSError, ValueError) as error:  # what pyarrow raises is one or the other
        return _wrong(f"it is no Parquet file that can be read: {error}", "")
    return 0


def _plain(value: Any) -> Any:
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if isinstance(value, Decimal):
        return float(value)
    return base64.b64encode(value).decode() if isinstance(value, bytes) else str(value)


def _wrong(text: str, hint: str) -> int:
    sys.stdout.write(json.dumps({"error": text, "hint": hint}) + "\n")
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
