"""Conda environment files: text in, Python version, packages, pip lines and channels out. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from zaffre.errors import Invalid, Place, Problem
from zaffre.kinds import requirement
from zaffre.kinds.conda_package import CondaPackage, package_of
from zaffre.kinds.near import advice

KEYS = {"name", "channels", "dependencies", "variables", "prefix", "platforms"}


@dataclass(frozen=True)
class CondaFile:
    """What a conda file says. `python` is a pip-style specifier, "" if it names none."""

    name: str = ""
    python: str = ""
    packages: tuple[CondaPackage, ...] = ()
    pip: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    variables: tuple[tuple[str, str], ...] = ()


def parse(source: str | Mapping[str, Any], file: str | None = None) -> CondaFile:
    """Read a conda file from its text, or from the mapping written in its place.

    Raises:
        Invalid: it is no conda file; the problem names the line.
    """
    root = _nodes(source) if isinstance(source, Mapping) else _compose(source, file)
    return _Reader(file).read(root)


def _nodes(value: Any) -> yaml.Node:
    """Give plain data as the nodes that its text would have."""
    if isinstance(value, Mapping):
        return yaml.MappingNode("map", [(_nodes(k), _nodes(v)) for k, v in value.items()])
    if isinstance(value, (list, tuple)):
        return yaml.SequenceNode("seq", [_nodes(each) for each in value])
    return yaml.ScalarNode("str", "" if value is None else str(value))


def _compose(text: str, file: str | None) -> yaml.Node | None:
    try:
        return yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = Place(file, mark.line + 1, mark.column + 1) if mark else Place(file)
        message = f"The conda file is no YAML: {getattr(error, 'problem', None) or error}."
        raise Invalid(message, problems=(Problem(message, place),)) from None


class _Reader:
    """Walks the nodes of one file and remembers where it is."""

    def __init__(self, file: str | None) -> None:
        self.file = file

    def read(self, root: yaml.Node | None) -> CondaFile:
        if not isinstance(root, yaml.MappingNode):
            raise self.wrong("A conda file is a mapping with `dependencies`.", root, "")
        fields = {self.text(key, ""): value for key, value in root.value}
        unknown = [
            self.wrong(
                f"`{key.value}` is no field of a conda file.", key, key.value, self.advice(key)
            )
            for key, _ in root.value
            if key.value not in KEYS
        ]
        if unknown:
            problems = tuple(problem for one in unknown for problem in one.problems)
            raise Invalid(unknown[0].message, hint=unknown[0].hint, problems=problems)
        if "dependencies" not in fields:
            raise self.wrong("The conda file has no `dependencies`.", root, "dependencies")
        return self.file_of(fields)

    def advice(self, key: yaml.Node) -> str:
        return advice(str(key.value), KEYS)

    def file_of(self, fields: dict[str, yaml.Node]) -> CondaFile:
        packages: list[CondaPackage] = []
        pip: list[str] = []
        for place, node in self.items(fields["dependencies"], "dependencies"):
            if isinstance(node, yaml.MappingNode):
                pip += self.pip_section(node, place)
            else:
                packages.append(self.package(node, place))
        channels = self.items(fields["channels"], "channels") if "channels" in fields else []
        return CondaFile(
            name=self.text(fields["name"], "name") if "name" in fields else "",
            python=self.python(packages),
            packages=tuple(package for package in packages if package.name != "python"),
            pip=tuple(pip),
            channels=tuple(self.text(node, place) for place, node in channels),
            variables=self.variables(fields.get("variables")),
        )

    def python(self, packages: list[CondaPackage]) -> str:
        for package in packages:
            if package.name == "python":
                found = _pip_version_of(package)
                if found is None:
                    raise self.at(
                        f"`{package.version}` is no Python version.",
                        package.line,
                        "dependencies",
                        "Write `python=3.12` or `python>=3.10`.",
                    )
                return found
        return ""

    def pip_section(self, node: yaml.MappingNode, place: str) -> list[str]:
        lines: list[str] = []
        for key, value in node.value:
            if key.value != "pip":
                raise self.wrong(
                    f"`{key.value}` cannot stand here: only `pip` has packages of its own.",
                    key,
                    f"{place}.{key.value}",
                )
            lines += [self.pip_line(item, at) for at, item in self.items(value, f"{place}.pip")]
        return [line for line in (line.strip() for line in lines) if line]

    def pip_line(self, node: yaml.Node, place: str) -> str:
        text = self.text(node, place)
        try:
            requirement.checked([text])
        except Invalid as error:
            raise self.wrong(error.message, node, place, error.hint) from None
        return text

    def package(self, node: yaml.Node, place: str) -> CondaPackage:
        text = self.text(node, place)
        try:
            return package_of(text, self.line(node))
        except Invalid as error:
            raise self.wrong(error.message, node, place, error.hint) from None

    def items(self, node: yaml.Node, field: str) -> list[tuple[str, yaml.Node]]:
        if isinstance(node, yaml.ScalarNode) and node.value in ("", "null", "~"):
            return []
        if not isinstance(node, yaml.SequenceNode):
            raise self.wrong(
                f"`{_last(field)}` must be a list.", node, field, "Begin each entry with `- `."
            )
        return [(f"{field}[{index}]", item) for index, item in enumerate(node.value)]

    def variables(self, node: yaml.Node | None) -> tuple[tuple[str, str], ...]:
        if node is None:
            return ()
        if not isinstance(node, yaml.MappingNode):
            raise self.wrong("`variables` must be a mapping.", node, "variables")
        return tuple((self.text(k, "variables"), self.text(v, "variables")) for k, v in node.value)

    def text(self, node: yaml.Node, field: str) -> str:
        if not isinstance(node, yaml.ScalarNode):
            raise self.wrong(f"An entry of `{_last(field)}` must be text.", node, field)
        return str(node.value)

    def line(self, node: yaml.Node | None) -> int | None:
        return node.start_mark.line + 1 if node is not None and node.start_mark else None

    def wrong(
        self, message: str, node: yaml.Node | None, field: str, hint: str | None = None
    ) -> Invalid:
        return self.at(message, self.line(node), field, hint)

    def at(self, message: str, line: int | None, field: str, hint: str | None = None) -> Invalid:
        place = Place(self.file, line, field=field or None)
        return Invalid(message, hint=hint, problems=(Problem(message, place, hint),))


def _last(field: str) -> str:
    """Give the word of a place that people know: `pip` of `dependencies[2].pip[0]`."""
    return re.sub(r"\[\d+\]", "", field).rpartition(".")[2]


def _pip_version_of(package: CondaPackage) -> str | None:
    return (
        package.specifier()
        if not package.build
        else CondaPackage("python", package.version).specifier()
    )
