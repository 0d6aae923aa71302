"""Jobs: submit, follow, cancel, fetch what came of them."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from zaffre.errors import Failed, Invalid, NotFound
from zaffre.kinds.document import Document
from zaffre.ml import downloads, git, logs
from zaffre.ml.checking import Checked
from zaffre.ml.collection import Collection
from zaffre.ml.entities import Job
from zaffre.ml.polling import FAILED, SUCCEEDED, Poller
from zaffre.ml.preparing import find
from zaffre.ml.progress import Progress
from zaffre.ml.validation import ValidationResult, validate
from zaffre.ml.watching import Watch, watch

ENDED = {"Completed", "Failed", "Canceled"}
DEFAULT_OUTPUT = "default"
ARTIFACTS = "artifacts"
COMMIT = {
    "mlflow.source.git.commit": "azureml.git.commit",
    "mlflow.source.git.branch": "azureml.git.branch",
    "mlflow.source.git.repoURL": "azureml.git.repository_uri",
}
"""Azure's names for what MLflow calls the commit."""
NAMED_OUTPUTS = "named-outputs"


class Jobs(Collection[Job]):
    """The jobs of the workspace, with the runs that MLflow clients made."""

    def create_or_update(self, entity: Job, **options: Any) -> Job:
        """Submit a job; of one that was submitted before, change tags, description, display name.

        `experiment_name`, `compute`, `tags` and the other fields may be given here too.
        """
        for name, value in options.items():
            if value is not None and name not in {"skip_validation"}:
                setattr(entity, name, value)
        document = self._document(entity)
        if entity.status is None:
            return self.entity(self.put(document, create=True))
        changed = {
            name: document.data.get(name)
            for name in ("display_name", "description", "tags", "properties")
        }
        return self.entity(
            self.patch({name: value for name, value in changed.items() if value}, entity.name)
        )

    def get(
        self, name: str, version: str | None = None, *, label: str | None = None, **rest: Any
    ) -> Job:
        """Give a job as it is now.

        Raises:
            NotFound: there is none.
        """
        job = super().get(name, version, label=label, **rest)
        job._look = lambda: self._connection.get(self._path(name, None, {}))  # noqa: SLF001 (its own view of itself)
        return job

    def checked(self, document: Document, here: Iterable[str] = ()) -> Checked:
        """Give a job as it will be sent, with the commit that its code came from.

        Raises:
            Invalid: it is wrong.
        """
        checked = super().checked(document, here)
        found = find(self._kind.name, checked.data, document, here)
        code = next((local.path for local in found if local.field == "code"), None)
        known = git.properties(code) if code is not None else {}
        if not known:
            return checked
        named = {ours: known[name] for name, ours in COMMIT.items() if name in known}
        properties = {**known, **named, **checked.data.get("properties", {})}
        return replace(checked, data={**checked.data, "properties": properties})

    def validate(self, job: Job, **_: Any) -> ValidationResult:
        """Check a job without submitting it."""
        return validate(self._kind, self._document(job))

    def stream(self, name: str) -> None:
        """Print the log as it grows, until the job has ended; a notebook shows the state above it.

        Raises:
            Failed: the job did not complete.
        """
        last = self.watch(name, watch(sys.stdout))
        if last["status"] != "Completed":
            raise Failed(failure(last), code="job_failed")

    def watch(self, name: str, view: Watch) -> dict[str, Any]:
        """Show a job's log and states in a view until it has ended, and give its last document."""
        for event in self.follow(name):
            if isinstance(event, logs.Text):
                view.text(event.text)
            elif isinstance(event, logs.Changed):
                view.state(event.job)
            else:
                view.end(event.job)
                return event.job
        raise AssertionError("a followed log ends with the job")

    def follow(self, name: str, offset: int = 0) -> Iterator[logs.Event]:
        """Give the log and the changes of state as they come."""
        return logs.follow(self._connection, name, offset)

    def log(self, name: str) -> str:
        """Give the log as it is now."""
        return logs.whole(self._connection, name)

    def cancel(self, name: str) -> Job:
        """Ask a job to stop."""
        return self.entity(self.act("cancel", name, None, {}))

    def begin_cancel(self, name: str, **_: Any) -> Poller[Job]:
        """Ask a job to stop and give a poller that ends when it has ended."""
        self.cancel(name)
        return Poller(lambda: self._ended(name), sleep=self._connection.sleep)

    def wait(
        self, name: str, timeout: float | None = None, tick: Callable[[str], None] = lambda _: None
    ) -> Job:
        """Wait until a job has ended and give it, however it ended."""
        path = self._path(name, None, {})

        def look() -> tuple[str, Job, str | None]:
            now = self._connection.get(path)
            return SUCCEEDED if now["status"] in ENDED else now["status"], self.entity(now), None

        return Poller(look, tick=tick, sleep=self._connection.sleep).result(timeout)

    def outputs(self, name: str) -> dict[str, Any]:
        """Give what a job left: named outputs and the files of its run."""
        return dict(self._connection.get(f"{self._path(name, None, {})}/outputs"))

    def metrics(self, name: str) -> dict[str, float]:
        """Give the last value of each metric of a job."""
        # What JSON has no number for (NaN, infinities) comes as text.
        found = self._run(name).get("metrics", ())
        return {metric["key"]: float(metric["value"]) for metric in found}

    def params(self, name: str) -> dict[str, str]:
        """Give the parameters that a job logged."""
        return {param["key"]: param["value"] for param in self._run(name).get("params", ())}

    def download(
        self,
        name: str,
        *,
        download_path: Path | str = ".",
        output_name: str | None = None,
        all: bool = False,  # noqa: A002 (the name that Azure's SDK gave it)
    ) -> list[Path]:
        """Fetch a job's files: an output by name, all outputs, or the files of its run.

        Raises:
            Invalid: the job has no such output.
        """
        left = self.outputs(name)
        chosen = list(self._chosen(left, output_name, everything=all))
        total = sum(file.size for _, files in chosen for file in files)
        with Progress("Downloading", total) as progress:
            return [
                place
                for folder, files in chosen
                for place in downloads.fetch(
                    self._connection, files, Path(download_path) / folder, progress.advance
                )
            ]

    def _chosen(
        self, left: dict[str, Any], output_name: str | None, *, everything: bool
    ) -> Iterator[tuple[Path, list[downloads.File]]]:
        outputs = left.get("outputs") or {}
        if output_name not in {None, DEFAULT_OUTPUT, *outputs}:
            known = ", ".join(f"`{one}`" for one in outputs) or "none"
            raise Invalid(f"The job has no output `{output_name}`.", hint=f"Its outputs: {known}.")
        for one, result in outputs.items():
            if (everything or one == output_name) and result.get("tree"):
                yield (
                    Path(NAMED_OUTPUTS, one),
                    downloads.tree_files(self._connection, result["tree"]),
                )
        if everything or output_name in {None, DEFAULT_OUTPUT}:
            yield Path(ARTIFACTS), downloads.artifact_files(left.get("artifacts") or ())

    def _run(self, name: str) -> dict[str, Any]:
        workspace = self._connection.workspace
        prefix = "" if workspace == "default" else f"/workspaces/{workspace}"
        try:
            answer = self._connection.get(f"{prefix}/api/2.0/mlflow/runs/get", {"run_id": name})
        except NotFound:
            return {}
        return dict(answer["run"].get("data", {}))

    def _ended(self, name: str) -> tuple[str, Job, str | None]:
        job = self.get(name)
        return (SUCCEEDED if job.status in ENDED else "InProgress"), job, None


def failure(job: dict[str, Any]) -> str:
    """Say how a job ended that did not complete."""
    error = job.get("error") or {}
    said = f": {error['message']}" if error.get("message") else "."
    return f"Job `{job['name']}` is {job['status']}{said}"


def duration(job: dict[str, Any]) -> float | None:
    """Give the seconds that a job ran, up to now if it still does."""
    started = job.get("started_at")
    if started is None:
        return None
    ended = job.get("ended_at")
    return float((ended if ended is not None else time.time()) - started)


__all__ = ["ENDED", "FAILED", "Jobs", "duration", "failure"]
