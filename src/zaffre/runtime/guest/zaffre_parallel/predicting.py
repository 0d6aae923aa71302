"""A model in the place of a script: each row of the files gets `row,prediction,file`."""

from __future__ import annotations

import csv
import io
import json
import os
import sys
from typing import Any

from zaffre_parallel import rows
from zaffre_parallel.returned import Lines

PROGRAM = os.path.join(
    os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))),
    "scoring",
    "program",
)
"""Where the scoring workers' own loader of models lies."""

MODEL: dict[str, Any] = {}


def init() -> None:
    """Load the model that lies at AZUREML_MODEL_DIR."""
    sys.path.insert(0, PROGRAM)
    from zaffre_scoring import predictors, tables  # noqa: PLC0415 (found once PROGRAM is known)

    top = os.environ["AZUREML_MODEL_DIR"]
    with open(os.path.join(top, "zaffre_model.json"), encoding="utf-8") as file:
        spec = json.load(file)
    for name in ("mlflow_model", "model_file"):
        if name in spec:
            spec[name] = os.path.join(top, spec[name])
    MODEL["predictor"] = predictors.load(spec)
    MODEL["table"] = tables.Table
    MODEL["types"] = rows.types_of(spec.get("mlmodel", {}).get("signature"))


def run(batch: Any) -> Lines:
    """Give the lines of a mini-batch of files, or of the rows of a table."""
    if not isinstance(batch, list):
        return Lines(_lines(batch, ""), len(batch))
    texts = [_lines(rows.read(path, MODEL["types"]), os.path.basename(path)) for path in batch]
    return Lines("".join(texts), len(batch))


def _lines(frame: Any, file: str) -> str:
    """Predict a table; rows count from 0 within their file."""
    if not len(frame):
        return ""
    columns = tuple(str(name) for name in frame.columns)
    cells = [frame[name].tolist() for name in frame.columns]
    found = MODEL["predictor"].predict(MODEL["table"](columns, [list(row) for row in zip(*cells)]))
    if len(found) != len(frame):
        raise ValueError(f"{len(frame)} rows got {len(found)} predictions")
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\n")
    lines.writerows((at, _shown(one), file) for at, one in enumerate(found))
    return text.getvalue()


def _shown(value: Any) -> Any:
    return json.dumps(value) if isinstance(value, (dict, list)) else value
