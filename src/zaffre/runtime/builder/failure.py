"""What uv says when it fails, in our words: which package, and what to do. Pure."""

from __future__ import annotations

import re

from zaffre.runtime.builder.state import BuildError

_LONGEST = 1500
_NAME = r"`?(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)"
_CASES = (
    (
        rf"Because {_NAME}`? was not found in the (?:package registry|provided package locations)",
        "There is no package `{name}` on the package index.",
        "Check its spelling, or name its index with `--extra-index-url`.",
    ),
    (
        rf"(?:Because|and) {_NAME}(?P<version>[=<>~!][^ ,]*)? has no (?:usable )?wheels",
        "`{name}{version}` has no build for this Python.",
        "Ask for another version of it, or for another Python.",
    ),
    (
        rf"there (?:is|are) no versions? of {_NAME}(?P<version>[=<>~!][^ ]*?)?(?: and|,| in)",
        "There is no version `{name}{version}` on the package index.",
        "Loosen the version, or leave it out.",
    ),
    (
        rf"(?:Failed|Unable) to (?:build|download and build) {_NAME}",
        "`{name}` has no ready-made build here, and building it from its source failed.",
        "Ask for a version with a wheel for this Python, or for another Python.",
    ),
    (
        r"dns error|error sending request|Could not connect|Connection refused|timed out",
        "The package index cannot be reached.",
        "Check the network and the index in pip's configuration, then build again.",
    ),
    (
        r"No space left on device",
        "No room is left on the disk.",
        "Free some, for example with `zaffre workspace gc`, then build again.",
    ),
)


def explain(messages: str) -> BuildError:
    """Give the error that a failed install means."""
    flat = re.sub(r"\s+", " ", re.sub(r"[│╰─▶├]", " ", messages))
    cause = _cause(messages)
    for pattern, message, hint in _CASES:
        found = re.search(pattern, flat)
        if found:
            words = {
                "name": "",
                "version": "",
                **{k: v or "" for k, v in found.groupdict().items()},
            }
            return BuildError(f"{message.format(**words)} {cause}".strip(), hint)
    if "No solution found" in messages:
        return BuildError(
            f"The packages exclude each other. {cause}", "Loosen one of the versions it names."
        )
    return BuildError(f"The packages cannot be installed. {cause}", "The build log says more.")


def explained(messages: str) -> str:
    """Give the conda solver's reason as a sentence: which packages, and what each requires."""
    text = re.sub(r"^Cannot solve the request because of:", "", messages.strip())
    lines = [re.sub(r"[│├└─\s]+", " ", line).strip() for line in text.splitlines()]
    joined = "; ".join(line for line in lines if line)
    flat = re.sub(r"(:|require);", r"\1", joined)[:_LONGEST]
    return f"{flat}." if flat and flat[-1] not in ".!?" else flat


def _cause(messages: str) -> str:
    """Give uv's own reason, without its drawing."""
    text = re.sub(r"[│╰─▶├×]", " ", messages)
    start = re.search(r"(?:^|\n)\s*(?:error:|cause:|Because)", text)
    kept = text[start.start() :] if start else text[-_LONGEST:]
    kept = re.sub(
        r"^\s*error: No solution found when resolving dependencies\s+(?:cause:)?", "", kept
    )
    kept = kept.split("\nhint:")[0].split(", we can conclude that your requirements are unsat")[0]
    flat = re.sub(r"\s+", " ", kept).strip()[:_LONGEST]
    return f"{flat}." if flat and flat[-1] not in ".!?" else flat
