"""The rules of pipelines and components, as problems of their documents."""

from __future__ import annotations

import re
from collections.abc import Iterator

from zaffre.errors import Problem
from zaffre.kinds.document import Document
from zaffre.kinds.fault import Fault
from zaffre.kinds.graph import holders
from zaffre.kinds.graph_rules import component_faults, pipeline_faults
from zaffre.kinds.sweep_rules import sweep_problems_at


def pipeline_problems(document: Document) -> Iterator[Problem]:
    """Find what a pipeline job gets wrong in its graph."""
    data = document.data
    if isinstance(data, dict) and data.get("type") == "pipeline":
        if not data.get("jobs") and not data.get("component"):
            hint = "Add steps under `jobs`, or name a pipeline component by `component`."
            yield Problem("The pipeline has no steps.", document.key_place(()), hint)
            return
        yield from (
            _problem(document, fault) for fault in pipeline_faults(data) if not fault.warning
        )
        yield from _sweeps(document)


def component_problems(document: Document) -> Iterator[Problem]:
    """Find what a component gets wrong."""
    data = document.data
    if not isinstance(data, dict):
        return
    yield from (_problem(document, fault) for fault in component_faults(data) if not fault.warning)
    yield from _sweeps(document)


def _sweeps(document: Document) -> Iterator[Problem]:
    for holder, steps in holders(document.data):
        if steps and (holder.get("type") == "sweep" or "trial" in holder):
            yield from sweep_problems_at(document, holder, steps)


def _problem(document: Document, fault: Fault) -> Problem:
    if fault.text:
        inside = re.escape(fault.text.removeprefix("${{").removesuffix("}}").strip())
        place = document.text_place(fault.steps, r"\$\{\{\s*" + inside + r"\s*\}\}")
    else:
        place = (
            document.key_place(fault.steps) if fault.at_key else document.value_place(fault.steps)
        )
    return Problem(fault.message, place, fault.hint)
