"""Conda environment files: text in, Python version, packages, pip lines and channels out. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from zaffre.errors import Invalid, Place, Problem
from zaffre.kinds import requirement
from zaffre.kinds.near import advice

KEYS = {"name", "channels", "dependencies", "variables", "prefix", "platforms"}
_NAME = re.compile(
    r"^(?:(?P<channel>[^\s:]+)::)?(?P<name>[A-Za-z0-9_][A-Za-z0-9_.-]*)\s*(?P<rest>.*)$"
)
_PART = r"(?:===?|>=|<=|!=|~=|=|>|<)?[A-Za-z0-9*][A-Za-z0-9.*_+!-]*"
_VERSION = re.compile(rf"(?:{_PART}(?:[,|]{_PART})*)?")
_BUILD = re.compile(r"[A-Za-z0-9_.*+-]*")


@dataclass(frozen=True)
class CondaPackage:
    """One line of `dependencies`; `version` is what follows the name, less the build."""

    name: str
    version: str = ""
    build: str = ""
    channel: str = ""
    line: int | None = None

    def match_spec(self) -> str:
        """Give the line as a solver reads it."""
        channel = f"{self.channel}::" if self.channel else ""
        if not self.version:
            return channel + self.name
        joint = "" if self.version[0] in "=<>!~" else "="
        build = f"={self.build}" if self.build else ""
        return f"{channel}{self.name}{joint}{self.version}{build}"

    def specifier(self) -> str | None:
        """Give the version as pip writes it, or None where pip has no words for it."""
        alternatives = [
            _pip_version(part.strip()) for part in self.version.split(",") if part.strip()
        ]
        if self.build or any(part is None for part in alternatives):
            return None
        return ",".join(part for part in alternatives if part)


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


def package_of(text: str, line: int | None = None) -> CondaPackage:
    """Read one line of `dependencies`.

    Raises:
        Invalid: it names no package.
    """
    found = _NAME.match(text.strip())
    version, build = _version_and_build(found["rest"].strip()) if found else ("", "")
    if found is None or not _VERSION.fullmatch(version) or not _BUILD.fullmatch(build):
        hint = "Write `name`, `name=1.2` or `name>=1.2,<2`."
        raise Invalid(f"`{text}` is no conda package.", hint=hint)
    return CondaPackage(found["name"].lower(), version, build, found["channel"] or "", line)


def _version_and_build(rest: str) -> tuple[str, str]:
    """Split what follows a name: `=1.2=py_0` is version `=1.2` and build `py_0`."""
    bracket = re.fullmatch(r"\[\s*version\s*=\s*['\"]?([^'\"\]]+)['\"]?\s*\]", rest)
    if bracket:
        return bracket[1].strip(), ""
    spaced = re.fullmatch(r"([^\s=<>!~]\S*)\s+(\S+)", rest)
    if spaced:
        return spaced[1], spaced[2]
    joined = re.fullmatch(r"(={1,2}[^=<>!,|]+)=([^=]+)", rest)
    if joined:
        return joined[1].strip(), joined[2].strip()
    return re.sub(r"\s+", "", rest), ""


def _pip_version_of(package: CondaPackage) -> str | None:
    return (
        package.specifier()
        if not package.build
        else CondaPackage("python", package.version).specifier()
    )


def _pip_version(part: str) -> str | None:
    """Translate one conda constraint: `=1.2` is `==1.2.*`, `1.2.*` the same, `>=1` as it is."""
    if part in ("", "*", "=*", "==*"):
        return ""
    found = re.fullmatch(r"(>=|<=|==|!=|~=|=|>|<)?\s*([0-9][A-Za-z0-9.]*?)(\.?\*)?", part)
    if found is None:
        return None
    sign, number, star = found[1] or "", found[2], found[3]
    if sign in ("", "="):
        exact = sign == "" and not star and number.count(".") > 1
        return f"=={number}" if exact else f"=={number}.*"
    if sign in ("==", "!=") and star:
        return f"{sign}{number}.*"
    return f"{sign}{number}"
