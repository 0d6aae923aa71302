"""Modules that scoring scripts import of Azure's server: ours stand in for them.

The request and response modules always come from here: the real ones need a running Flask
application. `inference_schema` comes from here only where the environment lacks the real one.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from typing import Any, Callable, Dict, Optional

FOLDER = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "stand_ins")
SERVER = "azureml_inference_server_http.api"
SERVICES = "azureml.contrib.services"
ALWAYS = {
    "azureml_inference_server_http": "empty/__init__.py",
    SERVER: "empty/__init__.py",
    SERVER + ".aml_request": "aml_request.py",
    SERVER + ".aml_response": "aml_response.py",
    SERVICES: "empty/__init__.py",
    SERVICES + ".aml_request": "aml_request.py",
    SERVICES + ".aml_response": "aml_response.py",
}
WHERE_ABSENT = {
    "azureml": "empty/__init__.py",
    "azureml.contrib": "empty/__init__.py",
    "azureml.ai": "empty/__init__.py",
    "azureml.ai.monitoring": "monitoring/__init__.py",
    "azureml.ai.monitoring.context": "monitoring/context.py",
    "inference_schema": "inference_schema/__init__.py",
}
REQUESTS = (SERVER + ".aml_request", SERVICES + ".aml_request")


class Finder(MetaPathFinder):
    """Finds modules in a table of files."""

    def __init__(self, table: Dict[str, str]) -> None:
        self._table = table

    def find_spec(self, fullname: str, *_: Any, **__: Any) -> Optional[ModuleSpec]:
        """Give the module's place if it is in the table."""
        file = self._table.get(fullname)
        if file is None:
            return None
        location = os.path.join(FOLDER, file)
        inside = [os.path.dirname(location)] if file.endswith("__init__.py") else None
        return importlib.util.spec_from_file_location(
            fullname, location, submodule_search_locations=inside
        )


def install() -> None:
    """Let the script find the modules."""
    sys.meta_path.insert(0, Finder(ALWAYS))
    sys.meta_path.append(Finder(WHERE_ABSENT))


def raw_wanted() -> bool:
    """Tell whether the script used `@rawhttp`."""
    return any(getattr(sys.modules.get(name), "WANTED", None) for name in REQUESTS)


def request_class() -> Callable[[Any], Any]:
    """Give what makes an AMLRequest of a request."""
    name = next(name for name in REQUESTS if getattr(sys.modules.get(name), "WANTED", None))
    found: Callable[[Any], Any] = sys.modules[name].AMLRequest
    return found
