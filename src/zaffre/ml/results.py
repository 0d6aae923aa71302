"""What came of jobs: outputs, files, metrics, parameters."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from zaffre.errors import Invalid, NotFound
from zaffre.ml import downloads
from zaffre.ml.collection import Collection
from zaffre.ml.entities import Job
from zaffre.ml.progress import Progress

DEFAULT_OUTPUT = "default"
ARTIFACTS = "artifacts"
NAMED_OUTPUTS = "named-outputs"


class Results(Collection[Job]):
    """What the jobs of the workspace left."""

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
