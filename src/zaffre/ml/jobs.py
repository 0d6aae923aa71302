"""Jobs: submit, follow, cancel, submit again."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from zaffre.errors import Failed
from zaffre.kinds.document import Document
from zaffre.ml import git, logs
from zaffre.ml.checking import Checked
from zaffre.ml.entities import Job
from zaffre.ml.polling import FAILED, SUCCEEDED, Poller
from zaffre.ml.preparing import find
from zaffre.ml.results import Results
from zaffre.ml.validation import ValidationResult, validate
from zaffre.ml.watching import Watch, watch

ENDED = {"Completed", "Failed", "Canceled"}
COMMIT = {
    "mlflow.source.git.commit": "azureml.git.commit",
    "mlflow.source.git.branch": "azureml.git.branch",
    "mlflow.source.git.repoURL": "azureml.git.repository_uri",
}
"""Azure's names for what MLflow calls the commit."""


class Jobs(Results):
    """The jobs of the workspace, with the runs that MLflow clients made."""

    def entity(self, document: Mapping[str, Any]) -> Job:
        """Give a job that knows where it is shown."""
        job = super().entity(document)
        path = self._path(document["name"], None, {})
        job._address = self._connection.target.url + path  # noqa: SLF001 (its own view of itself)
        return job

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

    def look(self, name: str) -> dict[str, Any]:
        """Give the document of a job as it is now."""
        return dict(self._connection.get(self._path(name, None, {})))

    def get(
        self, name: str, version: str | None = None, *, label: str | None = None, **rest: Any
    ) -> Job:
        """Give a job as it is now.

        Raises:
            NotFound: there is none.
        """
        job = super().get(name, version, label=label, **rest)
        job._look = self.look  # noqa: SLF001 (its own view of itself)
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
        last = self.watch(name, watch(sys.stdout, self.look))
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

    def resubmit(self, name: str, new_name: str | None = None) -> Job:
        """Submit a job that has ended again; a pipeline that failed goes on at the failed step.

        Raises:
            Conflict: it has not ended, is a part of another job, or the new name is taken.
        """
        return self.entity(self.act("resubmit", name, None, {"name": new_name or ""}))

    def usage(self, by: str = "experiment", since: str = "") -> list[dict[str, Any]]:
        """Add up what ended jobs took and cost, by `experiment`, `user`, `compute` or `tag:KEY`.

        `since` is a span such as `7d`, or a date. The last row is the sum of all.

        Raises:
            Invalid: jobs are not told apart by that, or `since` is no time.
        """
        query = {"by": by, **({"since": since} if since else {})}
        return list(self._connection.get(self._connection.path("usage"), query)["items"])

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

    def _ended(self, name: str) -> tuple[str, Job, str | None]:
        job = self.get(name)
        return (SUCCEEDED if job.status in ENDED else "InProgress"), job, None


def failure(job: dict[str, Any]) -> str:
    """Say how a job ended that did not complete."""
    error = job.get("error") or {}
    said = f": {error['message']}" if error.get("message") else "."
    return f"Job `{job['name']}` is {job['status']}{said}"


__all__ = ["ENDED", "FAILED", "Jobs", "failure"]
