"""A package is made step by step; each step says what it does, and the last one proves it."""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import shutil
import sys
from typing import Any, Dict, List, Optional, Sequence

from zaffre_packaging import texts
from zaffre_packaging.proving import Unservable, open_hidden, proven
from zaffre_packaging.requirements import Installed, imports_of, names_of, own_modules
from zaffre_packaging.wheels import fetch_wheels
from zaffre_scoring.compiling import compiled
from zaffre_scoring.opening import MANIFEST
from zaffre_scoring.standing import EXAMPLE_REQUEST

HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
ORDER = "order.json"
SERVER = ("zaffre_scoring", "stand_ins")
OURS = frozenset({"zaffre"})
CHUNK = 1 << 20


class Failure(Exception):
    """The package cannot be made; its text says why and what to do."""


def main(arguments: Sequence[str]) -> int:
    """Make a package, or say what one imports; gives the exit code."""
    parser = argparse.ArgumentParser()
    for name in ("model", "code", "schema", "sample", "output", "used"):
        parser.add_argument(f"--{name}")
    given = parser.parse_args(arguments)
    if given.used:
        return open_hidden(given.used, given.sample)
    with open(os.path.join(HERE, ORDER), encoding="utf-8") as file:
        order = json.load(file)
    try:
        make(order, given)
    except Failure as failure:
        sys.stderr.write(f"The package cannot be made: {failure}\n")
        return 1
    return 0


def make(order: Dict[str, Any], given: argparse.Namespace) -> None:
    """Make the package in the output folder.

    Raises:
        Failure: a step cannot be done.
    """
    folder = str(given.output)
    manifest = _manifest(order)
    if order["format"] == "onnx":
        say("Compiling the model to ONNX")
        _compile(order, given, manifest)
    else:
        say("Copying the model" + (" and the scoring script" if given.code else ""))
        copy(given.model, os.path.join(folder, "model", order["model_folder"]))
        if given.code:
            copy(given.code, os.path.join(folder, "code"))
    if given.schema:
        copy(given.schema, os.path.join(folder, "schema"))
        manifest["schema"] = "schema"
    _write_server(folder)
    _write_json(folder, MANIFEST, manifest)
    pins = _lock(folder, order["requirements"], given.sample)
    if order["wheelhouse"]:
        _fetch(folder)
    _describe(folder, order, pins)
    _seal(folder)
    say(f"Done: {_size(folder) / 1e6:.1f} MB")


def _lock(folder: str, asked: Sequence[str], sample: Optional[str]) -> List[str]:
    """Write the requirements with which the package was seen to answer."""
    say("Opening it with as little as it needs")
    installed = Installed(own_modules(os.path.join(folder, "code")))
    try:
        scripts = installed.owners(imports_of(os.path.join(folder, "code"))) - OURS
        needed = proven(folder, sample, [*names_of(asked), *scripts], installed) - OURS
    except (Unservable, SyntaxError) as error:
        raise Failure(f"what it holds cannot be served: {error}") from None
    pins = installed.pins(needed)
    say(f"It needs {len(pins)} packages")
    for name in installed.local(needed):
        say(f"Warning: `{name}` was installed from a folder; no index has it.")
    _write_text(folder, "requirements.txt", "".join(f"{line}\n" for line in pins))
    return pins


def _manifest(order: Dict[str, Any]) -> Dict[str, Any]:
    """Give what the package says of itself: nothing of the time, the place or the maker."""
    script = order["script"]
    model: Dict[str, Any] = {}
    if not script:
        root = "/".join(part for part in ("model", order["model_folder"]) if part)
        model = {
            "mlflow_model": root if order["mlmodel"] else None,
            "mlmodel": order["mlmodel"],
            "flavor": order["flavor"],
            "model_file": f"{root}/{order['model_file']}" if order["model_file"] else None,
        }
    return {
        "name": order["name"],
        "version": order["version"],
        "format": order["format"],
        "python": ".".join(platform.python_version_tuple()[:2]),
        "script": script,
        "code": "code" if script else None,
        "schema": None,
        "model": model,
        "variables": order["variables"],
        "timeout_ms": order["timeout_ms"],
        "tolerance": order["tolerance"],
    }


def _compile(order: Dict[str, Any], given: argparse.Namespace, manifest: Dict[str, Any]) -> None:
    """Put the compiled model into the package, with the proof that it answers as the original."""
    folder = os.path.join(given.output, "model")
    os.makedirs(folder, exist_ok=True)
    source = _source(order, given.model)
    manifest["model"] = {"flavor": "onnx", "model_file": "model/model.onnx"}
    if order["flavor"] == "onnx":
        shutil.copyfile(source["model_file"], os.path.join(folder, "model.onnx"))
        return
    wanted = {"folder": folder, "tolerance": order["tolerance"], "sample": given.sample}
    report = compiled({**wanted, "model": source})
    if not report["used"]:
        raise Failure(report["reason"])
    apart, rows = report["max_difference"], report["rows"]
    say(f"Largest difference {apart:.3g} on {rows} rows: {report['sample']}")
    manifest["compiled"] = report


def _source(order: Dict[str, Any], path: str) -> Dict[str, Any]:
    """Give the model as the job sees it, in the words of a worker's specification."""
    file = order["model_file"]
    single = bool(file) and os.path.isfile(path)
    return {
        "mlflow_model": path if order["mlmodel"] else None,
        "mlmodel": order["mlmodel"],
        "flavor": order["flavor"],
        "model_file": path if single else os.path.join(path, file) if file else None,
    }


def copy(source: str, target: str) -> None:
    """Copy a file into a folder, or a folder's content; caches of Python are left out."""
    if os.path.isfile(source):
        os.makedirs(target, exist_ok=True)
        shutil.copyfile(source, os.path.join(target, os.path.basename(source)))
        return
    shutil.copytree(
        source, target, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__", "*.pyc")
    )


def _write_server(folder: str) -> None:
    for name in SERVER:
        copy(os.path.join(HERE, name), os.path.join(folder, "server", name))
    copy(os.path.join(HERE, "serve.py"), folder)


def _fetch(folder: str) -> None:
    say("Fetching wheels")
    trouble = fetch_wheels(folder)
    if trouble:
        raise Failure(f"its wheels cannot be fetched: {trouble}")


def _describe(folder: str, order: Dict[str, Any], pins: Sequence[str]) -> None:
    with open(os.path.join(folder, MANIFEST), encoding="utf-8") as file:
        manifest = json.load(file)
    facts = texts.Facts(
        name=manifest["name"],
        version=manifest["version"],
        python=manifest["python"],
        format=manifest["format"],
        has_wheels=bool(order["wheelhouse"]),
        has_example=os.path.isfile(os.path.join(folder, EXAMPLE_REQUEST)),
        is_script=bool(manifest["script"]),
        needs_openmp=any(line.startswith(("lightgbm==", "xgboost==")) for line in pins),
    )
    for name, text in texts.pages(facts).items():
        _write_text(folder, name, text)


def _seal(folder: str) -> None:
    """List the digests of all files, in the form of `sha256sum --check`; caches go."""
    for top, folders, _ in os.walk(folder):
        for name in [one for one in folders if one == "__pycache__"]:
            shutil.rmtree(os.path.join(top, name))
    lines = [f"{digest(os.path.join(folder, path))}  {path}\n" for path in files_of(folder)]
    _write_text(folder, "SHA256SUMS", "".join(lines))


def files_of(folder: str) -> List[str]:
    """List the files of a folder by their paths in it, sorted."""
    found = [
        os.path.relpath(os.path.join(top, name), folder).replace(os.sep, "/")
        for top, _, names in os.walk(folder)
        for name in names
    ]
    return sorted(found)


def digest(path: str) -> str:
    """Give the SHA-256 of a file."""
    found = hashlib.sha256()
    with open(path, "rb") as file:
        for chunk in iter(lambda: file.read(CHUNK), b""):
            found.update(chunk)
    return found.hexdigest()


def say(text: str) -> None:
    """Write a line to the job's log."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def _size(folder: str) -> int:
    return sum(os.path.getsize(os.path.join(folder, path)) for path in files_of(folder))


def _write_json(folder: str, name: str, document: Optional[Dict[str, Any]]) -> None:
    _write_text(folder, name, json.dumps(document, indent=2, sort_keys=True) + "\n")


def _write_text(folder: str, name: str, text: str) -> None:
    with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
        file.write(text)
