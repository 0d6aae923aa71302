"""Peers for the same run, each in its own environment below `build/peers` (with PEERS=1)."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "build" / "peers"
PACKAGES = {
    "mlflow": ["mlflow", "scikit-learn"],
    "metaflow": ["metaflow"],
    "prefect": ["prefect", "fastapi==0.140.0"],
    "azureml": ["azureml-inference-server-http", "scikit-learn", "pandas"],
}


def wanted() -> bool:
    """Say whether peers are to be measured."""
    return os.environ.get("PEERS", "") not in {"", "0"}


def program(peer: str, name: str = "python") -> str | None:
    """Give a program of a peer's environment, made if need be; None unless peers are wanted."""
    if not wanted():
        return None
    place = FOLDER / peer
    ready = place / ".ready"
    if not ready.exists():
        print(f"  installing {' '.join(PACKAGES[peer])} ...", flush=True)
        uv = [sys.executable, str(ROOT / "scripts" / "uv.py")]
        subprocess.run(
            [*uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(place)], check=True
        )
        install = [
            *uv,
            "pip",
            "install",
            "--quiet",
            "--compile-bytecode",
            "--python",
            str(place / "bin" / "python"),
        ]
        subprocess.run([*install, *PACKAGES[peer]], check=True)
        ready.touch()
    return str(place / "bin" / name)
