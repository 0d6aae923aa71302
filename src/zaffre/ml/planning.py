"""Plans of pipelines: what would become of each step, without running any."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from zaffre.errors import Invalid
from zaffre.kinds.document import Document
from zaffre.ml.checking import placed, said
from zaffre.ml.client import MLClient
from zaffre.ml.entities import Job
from zaffre.ml.preparing import prepare


def plan(client: MLClient, job: Job | Document, here: Iterable[str] = ()) -> list[dict[str, Any]]:
    """Say of each step of a pipeline whether it would run or be reused, and why.

    What the pipeline names on this machine is sent, so that its content can be compared.

    Raises:
        Invalid: the pipeline is wrong; all that is wrong is listed with its place.
    """
    document = job if isinstance(job, Document) else job.as_document()
    checked = client.jobs.checked(document, here)
    for warning in checked.warnings:
        client.connection.say(said(warning))
    ready = prepare(client.connection, "job", checked, here)
    try:
        answer = client.connection.send("POST", client.connection.path("jobs", "plan"), ready)
    except Invalid as error:
        error.problems = tuple(placed(problem, checked.source) for problem in error.problems)
        raise
    return list(answer["steps"])
