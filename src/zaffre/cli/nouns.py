"""The words of the command line, known without loading what they stand for."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Word:
    """A command: the module and attribute that hold it, and its line of help."""

    place: tuple[str, str]
    help: str


COMMANDS = {
    "up": Word(("server", "up"), "Start the server and the gateway."),
    "down": Word(("server", "down"), "Stop them."),
    "status": Word(("server", "status"), "Show what runs."),
    "studio": Word(("studio", "studio"), "Print a link to the web application."),
    "doctor": Word(("server", "doctor"), "Check a home: database, files, states, processes."),
    "migrate": Word(("server", "migrate"), "Move a home to PostgreSQL, S3 or back."),
    "lineage": Word(("lineage", "lineage"), "Show what something came of, and what came of it."),
    "completion": Word(("completion", "completion"), "Print the completion script of a shell."),
}

NOUNS = {
    "workspace": "The scope of everything else.",
    "compute": "Where work runs.",
    "datastore": "A place that holds data.",
    "data": "A file, folder or table under a name and a version.",
    "environment": "The interpreter that code runs in.",
    "component": "A step for pipelines: typed inputs and outputs, under a name and a version.",
    "job": "One run of work, with what it needs and what came of it.",
    "schedule": "Creates jobs by itself: by the clock, or when data changes.",
    "model": "Files that predict, under a name and a version.",
    "online-endpoint": "A stable address that answers requests.",
    "online-deployment": "A model behind an endpoint.",
    "prediction-view": "The newest prediction of each entity, by batch or by endpoint.",
    "batch-endpoint": "A stable address that scores whole data sets.",
    "batch-deployment": "A model or a pipeline behind a batch endpoint.",
}
