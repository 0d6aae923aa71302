"""Small conda channels and wheels, made by hand."""

from __future__ import annotations

import hashlib
import io
import json
import os
import sys
import tarfile
import zipfile
from pathlib import Path


def write_index(folder, packages):
    """Write what the channel says of its packages."""
    for platform in ("noarch", "linux-64", "linux-aarch64"):
        (folder / platform).mkdir(exist_ok=True)
        here = dict(packages) if platform == "noarch" else {}
        data = {"info": {"subdir": platform}, "packages": here, "repodata_version": 1}
        (folder / platform / "repodata.json").write_text(json.dumps(data))


def package(folder, name, version, files, depends=(), noarch="generic"):
    """Write a noarch package by hand and give its line of the channel's index."""
    index = {
        "name": name, "version": version, "build": "0", "build_number": 0,
        "depends": list(depends), "subdir": "noarch", "noarch": noarch, "timestamp": 0,
    }  # fmt: skip
    paths = [
        {"_path": path, "path_type": "hardlink", "sha256": hashlib.sha256(content).hexdigest(),
         "size_in_bytes": len(content)}
        for path, content in files.items()
    ]  # fmt: skip
    content = {
        "info/index.json": json.dumps(index).encode(),
        "info/paths.json": json.dumps({"paths": paths, "paths_version": 1}).encode(),
        "info/files": "\n".join(files).encode(),
        **files,
    }
    target = folder / "noarch" / f"{name}-{version}-0.tar.bz2"
    target.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(target, "w:bz2") as archive:
        for path, data in content.items():
            entry = tarfile.TarInfo(path)
            entry.size, entry.mode = len(data), 0o755
            archive.addfile(entry, io.BytesIO(data))
    data = target.read_bytes()
    facts = {"sha256": hashlib.sha256(data).hexdigest(), "md5": hashlib.md5(data).hexdigest()}
    return target.name, {**index, **facts, "size": len(data)}


def python_files():
    """Give a `python` package that stands on the interpreter at hand."""
    base = Path(os.path.realpath(sys.executable))
    return {
        "bin/python": f'#!/bin/sh\nexec "{base}" "$@"\n'.encode(),
        "share/python.txt": b"from the channel\n",
    }


def wheel(folder, name, version, code="", needs=()):
    """Write a wheel of one module."""
    folder.mkdir(parents=True, exist_ok=True)
    info = f"{name}-{version}.dist-info"
    lines = [f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}"]
    lines += [f"Requires-Dist: {each}" for each in needs]
    files = {
        f"{name}.py": code,
        f"{info}/METADATA": "\n".join(lines) + "\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{path},,\n" for path in [*files, f"{info}/RECORD"])
    target = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(target, "w") as archive:
        for path, text in {**files, f"{info}/RECORD": record}.items():
            archive.writestr(zipfile.ZipInfo(path), text)
    return target


def source(folder, name, version, log):
    """Write a source package that notes in a file what it sees while it is built."""
    folder.mkdir(parents=True, exist_ok=True)
    backend = f"""
import os, sys, zipfile
def build_wheel(target, config_settings=None, metadata_directory=None):
    with open({str(log)!r}, "a") as file:
        file.write(repr([sorted(os.listdir(place)) for place in os.environ["SEEN"].split(":")]))
    file = "{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(os.path.join(target, file), "w") as made:
        made.writestr("{name}.py", "")
        made.writestr("{name}-{version}.dist-info/METADATA", "Metadata-Version: 2.1\\nName: {name}\\nVersion: {version}\\n")
        made.writestr("{name}-{version}.dist-info/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        made.writestr("{name}-{version}.dist-info/RECORD", "")
    return file
"""
    files = {
        "PKG-INFO": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        "pyproject.toml": '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n',
        "backend.py": backend,
    }
    with tarfile.open(folder / f"{name}-{version}.tar.gz", "w:gz") as archive:
        for path, text in files.items():
            entry = tarfile.TarInfo(f"{name}-{version}/{path}")
            entry.size = len(text.encode())
            archive.addfile(entry, io.BytesIO(text.encode()))
