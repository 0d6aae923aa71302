"""Jobs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from zaffre.errors import ZaffreError
from zaffre.kinds.document import Document
from zaffre.ml.entities.ports import value_of
from zaffre.ml.entities.steps import CommandComponent, PipelineComponent
from zaffre.ml.entity import Entity, placed_document
from zaffre.ml.fields import Fields
from zaffre.ml.job_tree import Look, in_html
from zaffre.ml.nodes import Node, component_of, declared


class Job(Entity, kind="job"):
    """One run of work, with what it needs and what came of it."""

    _look: Look | None = None
    _address: str | None = None

    def refresh(self) -> Job:
        """Look at the job again, where it came from a workspace."""
        if self._look is not None:
            self._fill(Document(dict(self._look(str(self.name)))))
        return self

    def _repr_html_(self) -> str:
        try:
            self.refresh()
        except ZaffreError:
            return super()._repr_html_() + "<i>as it was when the server was last reached</i>"
        return super()._repr_html_() + in_html(self.to_dict(), self._look)

    @property
    def studio_url(self) -> str | None:
        """Give where the workspace shows the job; None before it is submitted."""
        return self._address

    @property
    def outputs(self) -> Any:
        """Give the outputs; of a job that was submitted, each with its `path`."""
        if "revision" not in self._document:
            return self.__getattr__("outputs")
        name = self._document["name"]
        return Fields(
            {
                port: {"path": f"azureml://jobs/{name}/outputs/{port}", **dict(one or {})}
                for port, one in (self._document.get("outputs") or {}).items()
            }
        )

    @outputs.setter
    def outputs(self, value: Any) -> None:
        self._document["outputs"] = value

    @property
    def services(self) -> Any:
        """Give the services that were asked for, and `Studio`: where the job is shown."""
        asked = self._document.get("services") or {}
        shown = {"Studio": {"endpoint": self._address}} if self._address else {}
        return Fields({**asked, **shown})

    @services.setter
    def services(self, value: Any) -> None:
        self._document["services"] = value


class CommandJob(Job):
    """One command, run once in an environment."""

    def __call__(self, **inputs: Any) -> Node:
        """Make a step of the pipeline that is being built."""
        document = self._as_component()
        return Node(document, document, inputs)

    def to_document(self) -> dict[str, Any]:
        """Give what the user asks for as a plain document."""
        document = super().to_document()
        if isinstance(document.get("inputs"), dict):
            values = {name: value_of(one) for name, one in document["inputs"].items()}
            document["inputs"] = {name: one for name, one in values.items() if one is not None}
        return document

    @property
    def component(self) -> CommandComponent:
        """Give the component that does what the job does, to register it or to call it."""
        return CommandComponent.from_document({**_named(self), **self._as_component()})

    def _as_component(self) -> dict[str, Any]:
        return component_of({**self._document, **placed_document("job", self, own=True)})


class PipelineJob(Job):
    """Steps wired by their inputs and outputs."""

    _built: Mapping[str, Any] | None = None

    def __init__(self, **fields: Any) -> None:
        super().__init__(**{"type": "pipeline", **fields})

    @property
    def component(self) -> Any:
        """Give the component that the job runs: the one named, or its own steps as one."""
        if self._built is not None:
            return PipelineComponent.from_document(self._built)
        if self._document.get("component") is not None:
            return self._document["component"]
        document = placed_document("job", self)
        inputs = {
            name: declared(one)
            | ({} if isinstance(one, Mapping) or str(one).startswith("${{") else {"default": one})
            for name, one in (document.get("inputs") or {}).items()
        }
        kept = ("jobs", "outputs", "settings")
        body: dict[str, Any] = {name: document[name] for name in kept if name in document}
        return PipelineComponent.from_document(
            {**_named(self), "type": "pipeline", "inputs": inputs, **body}
        )

    @component.setter
    def component(self, value: Any) -> None:
        self._document["component"] = value

    def dump(self, path: Path | str | None = None) -> str:
        """Give the pipeline as YAML, and write it to a file if one is named."""
        text = yaml.safe_dump(self.to_document(), sort_keys=False, allow_unicode=True)
        if path is not None:
            Path(path).write_text(text, encoding="utf-8")
        return text


def _named(job: Job) -> dict[str, Any]:
    """Give the name under which a job's component is registered, if the job has one."""
    found = {
        name: job.to_dict().get(name) for name in ("name", "display_name", "description", "tags")
    }
    found["name"] = found["name"] or found["display_name"]
    return {name: one for name, one in found.items() if one}
