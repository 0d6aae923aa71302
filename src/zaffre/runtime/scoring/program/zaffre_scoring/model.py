"""A model that is served without a script: requests that wait are answered with one prediction."""

from __future__ import annotations

import contextlib
import json
import time
import traceback
from typing import Any, Dict, List, Sequence, Tuple

from zaffre_scoring import swagger
from zaffre_scoring.accelerating import chosen
from zaffre_scoring.answers import SCRIPT_FAILED, Answer, message
from zaffre_scoring.requests import Refused, Request
from zaffre_scoring.signature import BadRows
from zaffre_scoring.tables import Table, gathered, table_of

SWAGGER_TYPES = {
    "boolean": {"type": "boolean"},
    "integer": {"type": "integer", "format": "int32"},
    "long": {"type": "integer", "format": "int64"},
    "float": {"type": "number", "format": "float"},
    "double": {"type": "number", "format": "double"},
}


class Model:
    """A loaded model."""

    mode = "model"
    wants_headers = False

    def __init__(self, spec: Dict[str, Any]) -> None:
        self._predictor, self.compiled = chosen(spec)

    def documents(self, _folder: str) -> Dict[str, Any]:
        """Give the OpenAPI documents, made of the model's signature."""
        columns = {
            name: SWAGGER_TYPES.get(kind, {"type": "string"})
            for name, kind in self._predictor.signature.columns
        }
        row = (
            {"type": "object", "properties": columns}
            if columns
            else {"type": "array", "items": {"type": "number"}}
        )
        inputs = {
            "type": "object",
            "properties": {"input_data": {"type": "array", "items": row}},
            "example": {},
        }
        return swagger.plain_documents(
            inputs, {"type": "array", "items": {"type": "object"}, "example": []}
        )

    def answer_all(self, requests: Sequence[Request]) -> Tuple[List[Answer], int]:
        """Answer requests, in their order; gives the microseconds that it took too."""
        began = time.perf_counter()
        answers: List[Any] = [None] * len(requests)
        tables = []
        for place, request in enumerate(requests):
            try:
                tables.append((place, table_of(request)))
            except Refused as refusal:  # noqa: PERF203 - each request is refused on its own
                answers[place] = message(refusal.status, refusal.text)
        for group in gathered(tables):
            for (place, _), answer in zip(group, self._predict(group)):
                answers[place] = answer
        return answers, int((time.perf_counter() - began) * 1e6)

    def _predict(self, group: List[Tuple[int, Table]]) -> List[Answer]:
        """Answer a group with one prediction; if that fails, each alone with its own answer."""
        if len(group) > 1:
            together = Table(
                group[0][1].columns, [row for _, table in group for row in table.rows]
            )
            with contextlib.suppress(Exception):  # whatever it raises, each is tried alone
                values = self._predictor.predict(together)
                if len(values) == len(together.rows):
                    return _shared(values, group)
        return [self._alone(table) for _, table in group]

    def _alone(self, table: Table) -> Answer:
        try:
            return Answer(json.dumps(self._predictor.predict(table)).encode())
        except BadRows as error:
            return message(400, str(error))
        except (ValueError, TypeError) as error:
            traceback.print_exc()
            return message(400, f"The model refused the input: {str(error)[:500]}")
        except Exception:  # noqa: BLE001 - the model may raise anything
            traceback.print_exc()
            return message(500, SCRIPT_FAILED, failed=True)


def _shared(values: List[Any], group: List[Tuple[int, Table]]) -> List[Answer]:
    answers, start = [], 0
    for _, table in group:
        end = start + len(table.rows)
        answers.append(Answer(json.dumps(values[start:end]).encode()))
        start = end
    return answers
