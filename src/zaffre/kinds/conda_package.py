"""One package of a conda file: what a line asks for. Pure, and standard library only."""

from __future__ import annotations

import re
from dataclasses import dataclass

from zaffre.errors import Invalid

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
