"""What a package holds, opened to be served: the model or the script that its manifest names."""

from __future__ import annotations

import importlib
import json
import os
import sys
from typing import Any, Dict, List, Optional, Sequence

from zaffre_scoring import stand_ins
from zaffre_scoring.answers import Answer
from zaffre_scoring.request_schema import schema_of
from zaffre_scoring.requests import Request

MANIFEST = "package.json"


class Opened:
    """A loaded package."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self.manifest = manifest_of(folder)
        self._code = os.path.join(folder, self.manifest["code"] or ".")
        schema = self.manifest["schema"]
        self._schema = os.path.join(folder, schema) if schema else None
        for name, value in self.manifest["variables"].items():
            os.environ.setdefault(name, value)  # where it runs has the last word
        os.environ["AZUREML_MODEL_DIR"] = os.path.join(folder, "model")
        os.environ.setdefault("SERVICE_NAME", self.manifest["name"])
        os.environ.setdefault("SERVICE_VERSION", self.manifest["version"])
        stand_ins.install()
        self._served = self._script() if self.manifest["script"] else self._model(folder)

    def _script(self) -> Any:
        os.environ["AML_APP_ROOT"] = self._code
        path = os.path.join(self._code, self.manifest["script"])
        for place in (self._code, os.path.dirname(path)):
            if place not in sys.path:
                sys.path.insert(0, place)
        os.chdir(self._code)
        schema = schema_of({"request_schema": self._schema})
        script = importlib.import_module("zaffre_scoring.script").Script
        made = script(path, self.manifest["timeout_ms"], schema)
        made.init()
        return made

    def _model(self, folder: str) -> Any:
        found = {**self.manifest["model"], "request_schema": self._schema}
        for name in ("mlflow_model", "model_file"):
            found[name] = os.path.join(folder, found[name]) if found.get(name) else None
        return importlib.import_module("zaffre_scoring.model").Model(found)

    @property
    def predictor(self) -> Any:
        """The model, where there is no script."""
        return getattr(self._served, "predictor", None)

    @property
    def model_folder(self) -> Optional[str]:
        """The folder of an MLflow model, which may hold an example of its input."""
        found = self.manifest["model"].get("mlflow_model")
        return os.path.join(self._folder, found) if found else None

    def documents(self) -> Dict[str, Any]:
        """Give the OpenAPI documents by version."""
        found: Dict[str, Any] = self._served.documents(self._code)
        return found

    def answer(self, requests: Sequence[Request]) -> List[Answer]:
        """Answer requests that wait: those to a model with one prediction."""
        if self._served.mode == "model":
            answers: List[Answer] = self._served.answer_all(requests)[0]
            return answers
        return [self._served.answer(request)[0] for request in requests]


def manifest_of(folder: str) -> Dict[str, Any]:
    """Read what a package says of itself."""
    with open(os.path.join(folder, MANIFEST), encoding="utf-8") as file:
        found: Dict[str, Any] = json.load(file)
        return found
