"""Models: fetch their files, and make packages of them."""

from __future__ import annotations

import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from zaffre.errors import Conflict, Failed
from zaffre.kinds import registry
from zaffre.kinds.document import Document
from zaffre.kinds.package import order_of
from zaffre.kinds.reference import asset
from zaffre.ml import addresses, downloads
from zaffre.ml.assets import fetch_tree
from zaffre.ml.checking import Checked
from zaffre.ml.collection import Collection
from zaffre.ml.entities import Job, Model
from zaffre.ml.fields import plain
from zaffre.ml.jobs import Jobs, failure
from zaffre.ml.preparing import prepare
from zaffre.ml.progress import Progress
from zaffre.ml.watching import Watch

OUTPUT = "package"
REFUSED = "The package cannot be made: "
EPOCH = (1980, 1, 1, 0, 0, 0)
"""The earliest time that a zip can hold: packages of the same content are the same file."""


class Models(Collection[Model]):
    """The models of the workspace."""

    def download(
        self, name: str, version: str | None = None, download_path: Path | str = ".", **_: Any
    ) -> Path:
        """Fetch a model's files into a folder of its name, and give that folder."""
        return fetch_tree(self._connection, self.get(name, version), Path(download_path))

    def package(
        self,
        name: str,
        version: str | None = None,
        *,
        download_path: Path | str = ".",
        zipped: bool = False,
        view: Watch | None = None,
        **order: Any,
    ) -> Path:
        """Make a folder or zip that serves a model without Zaffre, and give its place.

        `order` has the fields of a package: `format` (`python` or `onnx`), `code_configuration`,
        `environment`, `endpoint_name` and `deployment_name`, `wheelhouse`, `tolerance`,
        `sample_data`. Without a version it is the one that the deployment serves, else the
        latest. `view` shows the job's log as it comes.

        Raises:
            Failed: it cannot be made; the message says why.
            Conflict: something is in its place already.
        """
        version = str(self.get(name, self._version(name, version, order)).version)
        place = Path(download_path) / f"{name}-{version}{'.zip' if zipped else ''}"
        if place.exists():
            raise Conflict(
                f"`{place}` is there already.", hint="Remove it, or give another folder."
            )
        job = self.begin_package(name, version, **order)
        tree = self._finished(str(job.name), view)
        return self._fetch(tree, place, zipped=zipped)

    def begin_package(self, name: str, version: str | None = None, **order: Any) -> Job:
        """Begin to make a package; it will be the output `package` of the job that is given."""
        made = self._ask(name, version, {**order, "dry_run": False})
        return Job.from_document(made)

    def package_contents(
        self, name: str, version: str | None = None, **order: Any
    ) -> dict[str, Any]:
        """Say what would go into a package, and make nothing."""
        return self._ask(name, version, {**order, "dry_run": True})

    def _ask(self, name: str, version: str | None, order: dict[str, Any]) -> dict[str, Any]:
        given = {field: plain(value) for field, value in order.items() if value is not None}
        checked = order_of(given).model_dump(mode="json", exclude_unset=True)
        ready = prepare(self._connection, "package", Checked(checked, Document(checked)))
        version = self._version(name, version, order) or "latest"
        return dict(self.act("package", name, version, ready))

    def _version(self, name: str, version: str | None, order: Mapping[str, Any]) -> str | None:
        """Give the version asked for, else that of the deployment that the order names."""
        deployment, endpoint = order.get("deployment_name"), order.get("endpoint_name")
        if version is not None or not deployment or not endpoint:
            return version
        kind = registry.kind("online_deployment")
        path = addresses.resource(self._connection, kind, deployment, None, parent=endpoint)
        found = self._connection.get(path).get("model") or ""
        model = asset(found) if isinstance(found, str) and found else None
        if model is None or model.name != name:
            return None
        return model.version or str(self.get(name, label=model.label).version)

    def _finished(self, job: str, view: Watch | None) -> str:
        """Wait for a package's job and give the digest of its output."""
        jobs = Jobs(self._connection, "job")
        last = jobs.watch(job, view) if view is not None else jobs.wait(job).to_dict()
        if last["status"] == "Completed":
            return str(last["results"][OUTPUT]["tree"])
        lines = [line for line in jobs.log(job).splitlines() if REFUSED in line]
        said = lines[-1][lines[-1].index(REFUSED) :] if lines else failure(last)
        raise Failed(said, code="job_failed", hint=f"Its log: `zaffre job logs -n {job}`.")

    def _fetch(self, tree: str, place: Path, *, zipped: bool) -> Path:
        files = downloads.tree_files(self._connection, tree)
        place.parent.mkdir(parents=True, exist_ok=True)
        # Beside its place, which gets the whole or nothing.
        with (
            Progress("Downloading", sum(file.size for file in files)) as progress,
            tempfile.TemporaryDirectory(dir=place.parent, prefix=".package-") as making,
        ):
            folder = Path(making) / place.name.removesuffix(".zip")
            downloads.fetch(self._connection, files, folder, progress.advance)
            made = packed(folder, Path(making) / place.name) if zipped else folder
            return made.replace(place)


def packed(folder: Path, place: Path) -> Path:
    """Write a folder as a zip: the same content gives the same file."""
    with zipfile.ZipFile(place, "x", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(one for one in folder.rglob("*") if one.is_file()):
            name = path.relative_to(folder.parent).as_posix()
            entry = zipfile.ZipInfo(name, EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o100644 << 16
            with path.open("rb") as source, archive.open(entry, "w", force_zip64=True) as target:
                while chunk := source.read(downloads.CHUNK):
                    target.write(chunk)
    return place
