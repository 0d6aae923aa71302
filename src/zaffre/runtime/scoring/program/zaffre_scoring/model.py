"""A model that is served without a script: requests that wait are answered with one prediction."""

from __future__ import annotations

import contextlib
import time
import traceback
from typing import Any, Dict, List, Sequence, Tuple

from zaffre_scoring import misfits, swagger, tensors
from zaffre_scoring.accelerating import chosen
from zaffre_scoring.answers import SCRIPT_FAILED, Answer
from zaffre_scoring.protocols import Asked, refused, rows_of, written
from zaffre_scoring.request_schema import schema_of
from zaffre_scoring.requests import Refused, Request
from zaffre_scoring.signature import BadRows, fitted_rows, output_kind
from zaffre_scoring.tables import Table, gathered


class Model:
    """A loaded model."""

    mode = "model"
    wants_headers = False

    def __init__(self, spec: Dict[str, Any]) -> None:
        self.predictor, self.compiled = chosen(spec)
        self._schema = schema_of(spec)
        self._outputs = output_kind(spec.get("mlmodel"))
        name, _, version = str(spec.get("model") or "").partition(":")
        kind = self._outputs or self.predictor.kinds[1]
        self._asked = Asked(name, version, self.predictor.method, kind)

    def documents(self, _folder: str) -> Dict[str, Any]:
        """Give the OpenAPI documents, made of the schema or of the model's signature."""
        if self._schema is not None:
            inputs = self._schema.document
        else:
            inputs = swagger.of_columns(self.predictor.signature)
        item = swagger.TYPES.get(self._outputs or "", {})
        return swagger.plain_documents(inputs, {"type": "array", "items": item, "example": []})

    def metadata(self) -> Dict[str, Any]:
        """Describe inputs and outputs as the Open Inference Protocol tells them."""
        return tensors.described(self.predictor, self._asked.kind)

    def answer_all(self, requests: Sequence[Request]) -> Tuple[List[Answer], int]:
        """Answer requests, in their order; gives the microseconds that it took too."""
        began = time.perf_counter()
        answers: List[Any] = [None] * len(requests)
        tables = []
        for place, request in enumerate(requests):
            try:
                tables.append((place, rows_of(request, self._schema)))
            except Refused as refusal:  # noqa: PERF203 - each request is refused on its own
                answers[place] = refused(request, refusal.status, refusal.text)
        for group in gathered(tables):
            given = [(requests[place], table) for place, table in group]
            for (place, _), answer in zip(group, self._predict(given)):
                answers[place] = answer
        return answers, int((time.perf_counter() - began) * 1e6)

    def _predict(self, group: List[Tuple[Request, Table]]) -> List[Answer]:
        """Answer a group with one prediction; if that fails, each alone with its own answer."""
        if len(group) > 1:
            together = Table(
                group[0][1].columns, [row for _, table in group for row in table.rows]
            )
            with contextlib.suppress(Exception):  # whatever it raises, each is tried alone
                values = self.predictor.predict(together)
                if len(values) == len(together.rows):
                    return self._shared(values, group)
        return [self._alone(request, table) for request, table in group]

    def _shared(self, values: List[Any], group: List[Tuple[Request, Table]]) -> List[Answer]:
        answers, start = [], 0
        for request, table in group:
            end = start + len(table.rows)
            answers.append(written(request, self._asked, values[start:end]))
            start = end
        return answers

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

    def _alone(self, request: Request, table: Table) -> Answer:
        try:
            return written(request, self._asked, self.predictor.predict(table))
        except BadRows as error:
            return refused(request, 400, self._explained(str(error), table))
        except (ValueError, TypeError) as error:
            traceback.print_exc()
            said = f"The model refused the input: {str(error)[:500]}"
            return refused(request, 400, self._explained(said, table))
        except Exception:  # noqa: BLE001 - the model may raise anything
            traceback.print_exc()
            return refused(request, 500, SCRIPT_FAILED, failed=True)
