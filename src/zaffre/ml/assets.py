"""Data and environments, and how the files of versioned things are fetched."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from zaffre.errors import Conflict, NotFound
from zaffre.ml import downloads
from zaffre.ml.collection import Collection
from zaffre.ml.connection import Connection
from zaffre.ml.entities import Data, Datastore, Environment, Model
from zaffre.ml.polling import FAILED, SUCCEEDED, Poller
from zaffre.ml.progress import Progress

BUILD_STATES = {"ready": SUCCEEDED, "failed": FAILED}


class Datastores(Collection[Datastore]):
    """The datastores of the workspace."""

    def get_default(self, **_: Any) -> Datastore:
        """Give the datastore that outputs go to which say nothing else.

        Raises:
            NotFound: the workspace has none.
        """
        found = next((one for one in self.list() if one.is_default), None)
        if found is None:
            raise NotFound("The workspace has no default datastore.")
        return found


class DataAssets(Collection[Data]):
    """The data of the workspace."""

    def download(
        self, name: str, version: str | None = None, download_path: Path | str = ".", **_: Any
    ) -> Path:
        """Fetch the data's files into a folder of its name, and give that folder."""
        return fetch_tree(self._connection, self.get(name, version), Path(download_path))


class Environments(Collection[Environment]):
    """The environments of the workspace."""

    def begin_build(self, name: str, version: str) -> Poller[Environment]:
        """Build an environment now and give a poller that ends when it is ready."""
        self.act("build", name, version, {})
        path = self._path(name, version, {})

        def look() -> tuple[str, Environment, str | None]:
            now = self._connection.get(path)
            state = BUILD_STATES.get(now.get("build_state", ""), "Building")
            return state, self.entity(now), now.get("build_error") or None

        return Poller(look, sleep=self._connection.sleep)

    def log(self, name: str, version: str) -> str:
        """Give the log of an environment's last build, empty if there was none."""
        return self._text(name, version, "log", {})

    def lock(self, name: str, version: str, platform: str | None = None) -> str:
        """Give what exactly an environment was built of: of a platform, or of the only one.

        Raises:
            NotFound: it was not built, or not for that platform.
        """
        return self._text(name, version, "lock", {"platform": platform} if platform else {})

    def _text(self, name: str, version: str, what: str, params: dict[str, str]) -> str:
        path = f"{self._path(name, version, {})}/{what}"
        return str(self._connection.call("GET", path, params=params).text)


def fetch_tree(connection: Connection, asset: Model | Data, folder: Path) -> Path:
    """Fetch an asset's content into a folder of its name.

    Raises:
        Conflict: the content is kept elsewhere and not here.
    """
    if not asset.tree:
        raise Conflict(
            f"`{asset.name}` is kept at {asset.path}, not here.",
            hint="Fetch it from there with your own credentials.",
        )
    files = downloads.tree_files(connection, asset.tree)
    target = folder / str(asset.name)
    with Progress("Downloading", sum(file.size for file in files)) as progress:
        downloads.fetch(connection, files, target, progress.advance)
    return target


__all__ = ["DataAssets", "Environments", "fetch_tree"]
