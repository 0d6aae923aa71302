"""YAML text becomes data that knows its places. Nothing in it can run or explode."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from yaml.resolver import Resolver

from zaffre.errors import Invalid, Place, Problem
from zaffre.kinds.document import Document, Mark, Steps, dotted
from zaffre.kinds.names import shown
from zaffre.kinds.near import listed, nearest
from zaffre.kinds.resource import Json
from zaffre.kinds.yaml_faults import fault

LARGEST = 4 * 2**20
_MOST_PARTS = 100_000
_DEEPEST = 64
_STANDARD = "tag:yaml.org,2002:"
_TAGS = {
    f"{_STANDARD}{word}"
    for word in (
        "null",
        "bool",
        "int",
        "float",
        "str",
        "timestamp",
        "value",
        "merge",
        "map",
        "seq",
    )
}
_TRUE = ("true", "yes", "on")
_FALSE = ("false", "no", "off")


def read_file(path: Path) -> Document:
    """Read a document from a file.

    Raises:
        Invalid: there is none, it cannot be read, or it is not YAML as documents are written.
    """
    try:
        if path.stat().st_size > LARGEST:
            raise Invalid(f"`{path}` is larger than 4 MiB: it is no document.")
        raw = path.read_bytes()
    except FileNotFoundError:
        raise Invalid(f"There is no file `{path}`.", hint=_others(path)) from None
    except IsADirectoryError:
        raise Invalid(f"`{path}` is a folder.", hint="Name the YAML file in it.") from None
    except OSError as error:
        raise Invalid(f"`{path}` cannot be read: {error.strerror}.") from error
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        problem = Problem(
            "The file is not UTF-8 text.", Place(str(path), line), "Save it as UTF-8."
        )
        raise Invalid(problem.message, hint=problem.hint, problems=(problem,)) from None
    return read(text, str(path), path.parent)


def read(text: str, file: str | None = None, folder: Path | None = None) -> Document:
    """Read a document from its text.

    Raises:
        Invalid: it is not YAML as documents are written; all that can be seen is listed.
    """
    try:
        node = _composed(text)
        reading = _Reading(file)
        data = None if node is None else reading.value(node, (), node)
    except yaml.YAMLError as error:
        raise _invalid([fault(error, text, file)]) from None
    except RecursionError:
        raise _invalid([Problem("The document is nested too deeply.", Place(file))]) from None
    if reading.problems:
        raise _invalid(reading.problems)
    return Document(data, file, folder, reading.marks, text)


_QUICK = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def _composed(text: str) -> Node | None:
    """Give the nodes of a text; ten times quicker where PyYAML has its library."""
    try:
        found: Node | None = yaml.compose(text, Loader=_QUICK)
    except yaml.YAMLError:
        # The slow reader says what is wrong in the words that are explained.
        found = yaml.compose(text, Loader=yaml.SafeLoader)
    return found


def _invalid(problems: list[Problem]) -> Invalid:
    if len(problems) == 1:
        return Invalid(problems[0].message, hint=problems[0].hint, problems=tuple(problems))
    where = f"`{problems[0].place.file}`" if problems[0].place.file else "The document"
    return Invalid(f"{where} has {len(problems)} faults.", problems=tuple(problems))


def scalar(text: str) -> Json:
    """Give the value that YAML sees in plain text: `2` is a number, `true` a boolean."""
    tag = str(_RESOLVER.resolve(ScalarNode, text, (True, False)))  # type: ignore[no-untyped-call]  # PyYAML
    try:
        return _typed(text, tag.removeprefix(_STANDARD))
    except ValueError:
        return text


_RESOLVER = Resolver()


@dataclass
class _Reading:
    """The walk over the nodes of one text."""

    file: str | None
    marks: dict[Steps, Mark] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    parts: int = 0
    _open: set[int] = field(default_factory=set)

    def value(self, node: Node, steps: Steps, key: Node) -> Json:
        """Give the value of a node and remember where it stands."""
        self.parts += 1
        if self.parts > _MOST_PARTS or len(steps) > _DEEPEST or id(node) in self._open:
            message = "The document is nested too deeply, or repeats itself without end."
            raise _invalid([Problem(message, self._place(node, steps))])
        written = node.value if isinstance(node, ScalarNode) else None
        self.marks[steps] = Mark(*_position(node), *_position(key), written)
        self._open.add(id(node))
        try:
            return self._content(node, steps)
        finally:
            self._open.discard(id(node))

    def _content(self, node: Node, steps: Steps) -> Json:
        if node.tag not in _TAGS:
            hint = "Leave the tag out; quote the text if it begins with `!`."
            self._problem(f"The tag {shown(node.tag)} is not understood here.", node, steps, hint)
            return None
        if isinstance(node, MappingNode):
            return self._mapping(node, steps)
        if isinstance(node, SequenceNode):
            return [self.value(item, (*steps, at), item) for at, item in enumerate(node.value)]
        return self._scalar(node, steps)

    def _mapping(self, node: MappingNode, steps: Steps) -> Json:
        if _is_template(node):
            self._template(node, steps)
            return None
        own: dict[str, Json] = {}
        merged: dict[str, Json] = {}
        lines: dict[str, int] = {}
        for key, value in node.value:
            if key.tag == f"{_STANDARD}merge":
                merged |= self._merged(value, steps)
            elif not isinstance(key, ScalarNode):
                self._problem("A key must be text.", key, steps, "Put it in quotes if it is text.")
            elif key.value in own:
                way = (*steps, key.value)
                first = lines[key.value]
                again = f"`{dotted(way)}` is written twice, first on line {first}."
                self._problem(again, key, way, "Keep one of them.")
            else:
                lines[key.value] = key.start_mark.line + 1
                own[key.value] = self.value(value, (*steps, key.value), key)
        return merged | own if merged else own

    def _merged(self, node: Node, steps: Steps) -> dict[str, Json]:
        """Give what `<<` brings in; of several mappings the first wins."""
        sources = node.value if isinstance(node, SequenceNode) else [node]
        found: dict[str, Json] = {}
        for source in sources:
            content = self.value(source, steps, source)
            if isinstance(content, dict):
                found = content | found
            else:
                self._problem("`<<` takes in mappings only.", source, steps, None)
        return found

    def _scalar(self, node: Node, steps: Steps) -> Json:
        text = str(node.value)
        tag = node.tag.removeprefix(_STANDARD)
        try:
            return _typed(text, tag)
        except ValueError:
            self._problem(f"{shown(text)} is no value of type `{tag}`.", node, steps, None)
            return None

    def _template(self, node: MappingNode, steps: Steps) -> None:
        inner = node.value[0][0]
        name = (
            inner.value[0][0].value
            if inner.value and isinstance(inner.value[0][0], ScalarNode)
            else "..."
        )
        text = "{{" + str(name) + "}}"
        what = f"`{dotted(steps)}` is " if steps else "Here stands "
        hint = f"Put the value in the place of `{text}`."
        self._problem(f"{what}the template `{text}`, which was not filled in.", node, steps, hint)

    def _problem(self, message: str, node: Node, steps: Steps, hint: str | None) -> None:
        self.problems.append(Problem(message, self._place(node, steps), hint))

    def _place(self, node: Node, steps: Steps) -> Place:
        line, column = _position(node)
        return Place(self.file, line, column, dotted(steps) or None)


def _position(node: Node) -> tuple[int, int]:
    return node.start_mark.line + 1, node.start_mark.column + 1


def _is_template(node: MappingNode) -> bool:
    """Say whether this is `{{X}}`, which YAML takes for a mapping whose key is a mapping."""
    keys = [key for key, _ in node.value]
    return bool(node.flow_style) and len(keys) == 1 and isinstance(keys[0], MappingNode)


def _typed(text: str, tag: str) -> Json:
    """Give the value of a scalar. Times and dates stay text: YAML would make numbers of them."""
    if tag == "null":
        return None
    if tag == "bool":
        return _boolean(text)
    if tag == "int" and ":" not in text:
        return _whole(text.replace("_", ""))
    if tag == "float" and ":" not in text:
        return float(re.sub(r"\.(inf|nan)$", r"\1", text.replace("_", "").lower()))
    return text


def _boolean(text: str) -> bool:
    if text.lower() in _TRUE:
        return True
    if text.lower() in _FALSE:
        return False
    raise ValueError(text)


def _whole(text: str) -> int:
    """Read a whole number as YAML 1.1 does: `0777` is octal."""
    digits = text.lstrip("+-")
    if digits.startswith("0") and digits.isdigit() and len(digits) > 1:
        return int(text, 8)
    return int(text, 0)


def _others(path: Path) -> str | None:
    """Name the file that was probably meant."""
    try:
        near = [one.name for one in path.parent.iterdir() if one.suffix in (".yml", ".yaml")]
    except OSError:
        return f"There is no folder `{path.parent}`."
    if not near:
        return f"There is no YAML file in `{path.parent}`."
    meant = nearest(path.name, near)
    return f"Did you mean `{meant}`?" if meant else f"The folder has {listed(sorted(near))}."
