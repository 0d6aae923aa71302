"""JSON Schemas of requests: checked when a deployment is made, and made into code for workers.

The schema becomes a plain function in Python, so that workers check requests in microseconds and
need no package for it in the user's environment.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import fastjsonschema

from zaffre.errors import Invalid
from zaffre.kinds.near import advice
from zaffre.kinds.reference import parse_remote
from zaffre.kinds.resource import Json
from zaffre.kinds.tree import Leaf, tree_of
from zaffre.services import files, trees
from zaffre.services.context import Context

SCHEMA, CODE = "schema.json", "check.py"
MOST_BYTES = 1 << 20
LIBRARY = "from fastjsonschema import "
IN_WORKERS = "from zaffre_scoring.request_schema import "
TYPES = ("array", "boolean", "integer", "null", "number", "object", "string")
LATER = frozenset(
    {
        "$dynamicRef",
        "dependentRequired",
        "dependentSchemas",
        "maxContains",
        "minContains",
        "prefixItems",
        "unevaluatedItems",
        "unevaluatedProperties",
    }
)
"""Keywords of drafts that the library does not know: they would be passed over in silence."""


class _NoFetching(dict[str, Callable[[str], Any]]):
    """Handlers for every scheme, that fetch nothing."""

    def __contains__(self, _: object) -> bool:
        return True

    def __getitem__(self, _: str) -> Callable[[str], Any]:
        return _refuse


def _refuse(uri: str) -> Any:
    raise Invalid(
        f"The schema refers to `{uri[:200]}`, and nothing is fetched.",
        hint="Put it under `definitions`, and refer to `#/definitions/NAME`.",
    )


def compiled(ctx: Context, workspace: str, path: str | None) -> str | None:
    """Store a deployment's request schema with its code, and give the digest of that folder.

    Raises:
        NotFound: the file is not there.
        Invalid: it holds no JSON Schema.
    """
    if path is None:
        return None
    tree = files.resolve(ctx, workspace, parse_remote(path)).tree
    if len(tree.leaves) != 1:
        raise Invalid(f"`request_schema` holds {len(tree.leaves)} files, not one.")
    if tree.leaves[0].size > MOST_BYTES:
        raise Invalid(f"`request_schema` is larger than {MOST_BYTES} bytes.")
    with ctx.artifacts.open(tree.leaves[0].digest) as file:
        content = file.read()
    code = code_of(_parsed(content)).encode()
    leaves = []
    for name, text in ((SCHEMA, content), (CODE, code)):
        blob = ctx.artifacts.put([text])
        leaves.append(Leaf(name, blob.digest, blob.size))
    return trees.store_tree(ctx, tree_of(leaves))


def code_of(schema: Json) -> str:
    """Write a schema as code that defines `validate(data, name_prefix=...)`. Pure.

    Raises:
        Invalid: it is no JSON Schema of drafts 4 to 7.
    """
    parts = list(_parts(schema))
    unknown = sorted(LATER.intersection(keyword for part in parts for keyword in part))
    if unknown:
        raise Invalid(
            f"`request_schema` uses `{unknown[0]}`, which only drafts after 7 have.",
            hint="Write it in draft 7.",
        )
    for part in parts:
        _check_patterns(part)
    try:
        code = fastjsonschema.compile_to_code(schema, handlers=_NoFetching(), use_default=False)
    except fastjsonschema.JsonSchemaDefinitionException as error:
        hint = _unknown_types(parts)
        raise Invalid(f"`request_schema` is no JSON Schema: {error}", hint=hint) from error
    except (RecursionError, TypeError, ValueError, AttributeError, KeyError) as error:
        raise Invalid(f"`request_schema` cannot be used: {str(error)[:200]}") from error
    return str(code).replace(LIBRARY, IN_WORKERS)


def _unknown_types(parts: Iterable[Mapping[str, Json]]) -> str | None:
    """Name the types in a schema that there are not, each with what was probably meant."""
    said = (part.get("type") for part in parts)
    unknown = {one for one in said if isinstance(one, str) and one not in TYPES}
    return " ".join(f"No type is `{one}`. {advice(one, TYPES)}" for one in sorted(unknown)) or None


def _parsed(content: bytes) -> Json:
    try:
        found: Json = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise Invalid(f"`request_schema` is no JSON: {error}") from None
    if not isinstance(found, dict):
        raise Invalid("`request_schema` is no JSON Schema: it should be an object.")
    return found


def _check_patterns(part: dict[str, Json]) -> None:
    """Refuse patterns that are none: the library leaves them to who runs the code."""
    further = part.get("patternProperties")
    for pattern in (part.get("pattern"), *(further if isinstance(further, dict) else ())):
        if isinstance(pattern, str):
            try:
                re.compile(pattern)
            except (re.error, RecursionError, OverflowError) as error:
                raise Invalid(
                    f"`request_schema` has a pattern that is none, `{pattern[:100]}`: {error}."
                ) from None


def _parts(schema: Json) -> Iterator[dict[str, Json]]:
    """Give every mapping in a schema."""
    waiting = [schema]
    while waiting:
        found = waiting.pop()
        if isinstance(found, dict):
            yield found
            waiting.extend(found.values())
        elif isinstance(found, list):
            waiting.extend(found)
