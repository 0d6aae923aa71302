"""A model that is served without a script: requests that wait are answered with one prediction."""

from __future__ import annotations

import contextlib
import json
import time
import traceback
from typing import Any, Dict, List, Sequence, Tuple

from zaffre_scoring import misfits, swagger
from zaffre_scoring.accelerating import chosen
from zaffre_scoring.answers import SCRIPT_FAILED, Answer, message
from zaffre_scoring.request_schema import schema_of
from zaffre_scoring.requests import Refused, Request
from zaffre_scoring.signature import BadRows, fitted_rows, output_kind
from zaffre_scoring.tables import Table, gathered, table_of


class Model:
    """A loaded model."""

    mode = "model"
    wants_headers = False

    def __init__(self, spec: Dict[str, Any]) -> None:
        self.predictor, self.compiled = chosen(spec)
        self._schema = schema_of(spec)
        self._outputs = output_kind(spec.get("mlmodel"))

    def documents(self, _folder: str) -> Dict[str, Any]:
        """Give the OpenAPI documents, made of the schema or of the model's signature."""
        if self._schema is not None:
            inputs = self._schema.document
        else:
            inputs = swagger.of_columns(self.predictor.signature)
        item = swagger.TYPES.get(self._outputs or "", {})
        return swagger.plain_documents(inputs, {"type": "array", "items": item, "example": []})

    def answer_all(self, requests: Sequence[Request]) -> Tuple[List[Answer], int]:
        """Answer requests, in their order; gives the microseconds that it took too."""
        began = time.perf_counter()
        answers: List[Any] = [None] * len(requests)
        tables = []
        for place, request in enumerate(requests):
            try:
                tables.append((place, table_of(request, self._schema)))
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
                values = self.predictor.predict(together)
                if len(values) == len(together.rows):
                    return _shared(values, group)
        return [self._alone(table) for _, table in group]

    def _explained(self, said: str, table: Table) -> str:
        """Say in which row and column the reason lies, where that can be seen."""
        signature, known = self.predictor.signature, tuple(self.predictor.names or ())
        try:
            names, rows = fitted_rows(table, signature, known)
        except BadRows:
            width = len(signature.columns) or len(known)
            where = misfits.uneven(table.rows, width) if table.columns is None else None
        else:
            where = misfits.of_rows(names, rows, signature)
        return f"{where} {said}" if where else said

    def _alone(self, table: Table) -> Answer:
        try:
            return Answer(json.dumps(self.predictor.predict(table)).encode())
        except BadRows as error:
            return message(400, self._explained(str(error), table))
        except (ValueError, TypeError) as error:
            traceback.print_exc()
            said = f"The model refused the input: {str(error)[:500]}"
            return message(400, self._explained(said, table))
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
