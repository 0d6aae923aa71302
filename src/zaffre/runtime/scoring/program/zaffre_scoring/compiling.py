"""Compiling a model to ONNX, and the proof that it answers as the original does."""

from __future__ import annotations

import importlib
import json
import os
import traceback
from typing import Any, Dict, Iterator, List, NamedTuple, Optional

from zaffre_scoring.accelerating import MODEL, keep_report, write
from zaffre_scoring.comparing import Difference, difference
from zaffre_scoring.converting import NotConvertible, conversions
from zaffre_scoring.onnx_model import KEY, of_file
from zaffre_scoring.predictors import Predictor, load
from zaffre_scoring.sampling import NoSample, Sample, facts, sample_of


class Close(NamedTuple):
    """The compiled model that came closest, and how close."""

    content: bytes
    difference: Difference


def run(path: str) -> int:
    """Compile as an order says: model, folder to write to, tolerance, sample data."""
    with open(path, encoding="utf-8") as file:
        order = json.load(file)
    report = compiled(order)
    keep_report(order["folder"], report)
    return 0


def compiled(order: Dict[str, Any]) -> Dict[str, Any]:
    """Write `model.onnx` if it answers as the original; give the report of what was found."""
    report: Dict[str, Any] = {"used": False, "tolerance": order["tolerance"]}
    try:
        original = load(order["model"])
        sample = sample_of(original, order["model"].get("mlflow_model"), order.get("sample"))
        report.update(facts(sample))
        close = _closest(original, sample, order["tolerance"], order["folder"])
    except (NotConvertible, NoSample) as error:
        return {**report, "reason": str(error)}
    except ImportError as error:
        text = (
            f"The environment lacks `{error.name}`: it needs onnxruntime, skl2onnx, onnxmltools."
        )
        return {**report, "reason": text}
    except Exception as error:  # noqa: BLE001 - the libraries may raise anything
        traceback.print_exc()
        return {**report, "reason": f"{type(error).__name__}: {str(error)[:300]}"}
    apart = close.difference
    report["max_difference"] = apart.largest if apart.largest < float("inf") else None
    if apart.largest > order["tolerance"]:
        text = f"The compiled model answers differently: {apart.text}"
        return {**report, "reason": f"{text}, allowed {order['tolerance']:g}."}
    write(os.path.join(order["folder"], MODEL), close.content)
    return {**report, "used": True, "reason": ""}


def _closest(original: Predictor, sample: Sample, tolerance: float, folder: str) -> Close:
    """Give the first compiled model within the tolerance, else the one that came closest."""
    answers = original.predict(sample.table)
    best: Optional[Close] = None
    trouble = "no output could be read"
    for proto in conversions(original):
        for choice in _choices(proto):
            said = {**choice, **_described(original), "flat": not _is_nested(answers)}
            _say(proto, said)
            content = proto.SerializeToString()
            try:
                found = _answers(content, sample, folder)
            except Exception as error:  # noqa: BLE001 - ONNX Runtime may refuse what was written
                trouble = str(error)[:300]
                continue
            apart = difference(answers, found)
            if best is None or apart.largest < best.difference.largest:
                best = Close(content, apart)
            if apart.largest <= tolerance:
                return best
    if best is None:
        raise NotConvertible(f"ONNX Runtime cannot run the compiled model: {trouble}")
    return best


def _choices(proto: Any) -> Iterator[Dict[str, Any]]:
    """Name what may be the answer: each output, then the second column of each."""
    names = [one.name for one in proto.graph.output]
    for column in (None, 1):
        for name in names:
            yield {"output": name, "column": column}


def _described(original: Predictor) -> Dict[str, Any]:
    return {
        "columns": [list(column) for column in original.signature.columns],
        "optional": sorted(original.signature.optional),
        "names": list(original.names),
    }


def _is_nested(answers: List[Any]) -> bool:
    return bool(answers) and isinstance(answers[0], list)


def _say(proto: Any, said: Dict[str, Any]) -> None:
    """Put into the model what it takes and gives, so that its file is enough to serve it."""
    importlib.import_module("onnx.helper").set_model_props(
        proto, {KEY: json.dumps(said, sort_keys=True)}
    )


def _answers(content: bytes, sample: Sample, folder: str) -> List[Any]:
    path = os.path.join(folder, f".{MODEL}.tried")
    write(path, content)
    try:
        return of_file(path).predict(sample.table)
    finally:
        os.unlink(path)
