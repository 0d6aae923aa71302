"""Build the studio into the wheel: hatchling calls this before it packs."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

BUILT = Path("src/zaffre/studio/web/index.html")


class CustomBuildHook(BuildHookInterface[Any]):
    """Has what `make studio` makes packed, and makes it where npm is there and it is stale."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the studio, unless the package is only installed to be worked on."""
        if version == "editable":
            return
        root = Path(self.root)
        if shutil.which("npm") and (root / "studio" / "package.json").exists():
            subprocess.run([root / "scripts" / "studio", "--if-stale"], check=True)
        if not (root / BUILT).exists():
            raise FileNotFoundError(f"{BUILT} is not there: run `make studio` (needs npm)")
        build_data["artifacts"].append(f"{BUILT.parent.as_posix()}/**")
