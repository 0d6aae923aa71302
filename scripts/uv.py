"""Run uv with the settings that pip has: `python scripts/uv.py pip install ...`.

uv does not read pip's configuration. Whoever has set pip up (a mirror, a folder of wheels, a
certificate) gets the same answer from uv by this program: it asks pip for its settings and passes
them on as uv's own variables. Variables of uv that are set already win. Folders that are not there
are left out, as uv refuses them where pip only warns.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote, urlsplit

SPACED = {"index-url": "UV_DEFAULT_INDEX", "extra-index-url": "UV_INDEX"}


def pip_settings() -> dict[str, str]:
    """Ask pip for its settings: names without their section, later sections over earlier ones."""
    asked = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"],
        capture_output=True,
        text=True,
        check=False,
    )
    found: dict[str, str] = {}
    ranked = sorted(asked.stdout.splitlines(), key=lambda line: line.startswith(":env:"))
    for line in ranked:
        name, _, value = line.partition("=")
        section, _, key = name.strip().rpartition(".")
        if section in {"global", "install", ":env:"} and key:
            found[key] = " ".join(shlex.split(value)).replace("\n", " ").strip()
    return found


def present(place: str) -> bool:
    """Say whether a place can be asked: an address always, a folder if it is there."""
    parts = urlsplit(place)
    if parts.scheme in {"http", "https"}:
        return True
    return Path(unquote(parts.path) if parts.scheme == "file" else place).is_dir()


def uv_settings(pip: dict[str, str]) -> dict[str, str]:
    """Say pip's settings in uv's words."""
    told = {}
    for key, variable in SPACED.items():
        if places := [place for place in pip.get(key, "").split() if present(place)]:
            told[variable] = " ".join(places)
    if links := [place for place in pip.get("find-links", "").split() if present(place)]:
        told["UV_FIND_LINKS"] = ",".join(links)
    if "UV_INDEX" in told:  # pip takes the best version of all indexes; uv would stop at the first
        told["UV_INDEX_STRATEGY"] = "unsafe-best-match"
    if certificate := pip.get("cert"):
        told["SSL_CERT_FILE"] = certificate
    if pip.get("no-index", "").lower() in {"1", "true", "yes", "on"}:
        told["UV_NO_INDEX"] = "1"
    if trusted := pip.get("trusted-host"):
        told["UV_INSECURE_HOST"] = trusted
    if timeout := pip.get("default-timeout", pip.get("timeout")):
        told["UV_HTTP_TIMEOUT"] = timeout
    return told


def main() -> None:
    """Become uv."""
    environment = {**uv_settings(pip_settings()), **os.environ}
    os.execve(sys.executable, [sys.executable, "-m", "uv", *sys.argv[1:]], environment)


if __name__ == "__main__":
    main()
