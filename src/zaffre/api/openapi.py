"""The OpenAPI document, made from the routes and the kinds."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from typing import Any

from zaffre import __version__
from zaffre.api.routing import Access, Route
from zaffre.kinds.invocation import Invocation
from zaffre.kinds.package import PackageOrder
from zaffre.kinds.registry import all_kinds
from zaffre.kinds.resource import Kind

SCHEMAS = "#/components/schemas/"
FACTS: dict[str, Any] = {
    "id": {"type": "string"},
    "name": {"type": "string"},
    "kind": {"type": "string"},
    "workspace": {"type": "string"},
    "version": {"type": "string"},
    "revision": {"type": "integer"},
    "archived": {"type": "boolean"},
    "creation_context": {"type": "object"},
}
PROBLEM = {
    "type": "object",
    "description": "A problem document (RFC 9457).",
    "required": ["type", "title", "status", "code", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string"},
        "detail": {"type": "string"},
        "hint": {"type": "string"},
        "instance": {"type": "string"},
        "problems": {"type": "array", "items": {"type": "object"}},
    },
}


def openapi(routes: Iterable[Route]) -> dict[str, Any]:
    """Describe the routes as an OpenAPI 3.1 document."""
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        paths.setdefault(_plain(route.path), {})[route.method.lower()] = _operation(route)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Zaffre",
            "version": __version__,
            "summary": "A machine-learning workspace you own.",
        },
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": {"Problem": PROBLEM, "Patch": {"type": "object"}, **_schemas()},
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{"token": []}],
    }


def _plain(path: str) -> str:
    """Take the convertors out of a path: `{path:path}` becomes `{path}`."""
    return re.sub(r"\{(\w+):\w+\}", r"{\1}", path)


def _operation(route: Route) -> dict[str, Any]:
    names = re.findall(r"\{(\w+)(?::\w+)?\}", route.path)
    text = {"schema": {"type": "string"}}
    parameters = [{"name": name, "in": "path", "required": True, **text} for name in names]
    parameters += [
        {"name": name, "in": "query", "required": False, **text} for name in route.query
    ]
    success = {"description": "Done.", **_content(_answer(route.answer))}
    problem = {
        "description": "Not done.",
        **_content({"$ref": f"{SCHEMAS}Problem"}, "application/problem+json"),
    }
    made = route.method == "POST" and route.body is not None and route.answer is not None
    operation: dict[str, Any] = {
        "summary": route.summary,
        "operationId": re.sub(r"\W+", "_", f"{route.method.lower()}{_plain(route.path)}").strip(
            "_"
        ),
        "parameters": parameters,
        "responses": {"201" if made else "200": success, "default": problem},
        "x-access": route.access.name.lower(),
    }
    if route.body is not None:
        operation["requestBody"] = {"required": True, **_content(_schema(route.body, "Spec"))}
    if route.access is Access.PUBLIC:
        operation["security"] = []
    return operation


def _content(schema: dict[str, Any] | None, media: str = "application/json") -> dict[str, Any]:
    return {"content": {media: {"schema": schema}}} if schema is not None else {}


def _answer(answer: Any) -> dict[str, Any] | None:
    if isinstance(answer, list):
        items = {"type": "array", "items": _schema(answer[0], "")}
        return {"type": "object", "properties": {"items": items, "next": {"type": "string"}}}
    return _schema(answer, "") if answer is not None else None


def _schema(named: Any, suffix: str) -> dict[str, Any]:
    if isinstance(named, dict):
        return named
    return {"$ref": f"{SCHEMAS}{_class_name(named)}{suffix if named != 'patch' else ''}"}


def _class_name(kind: str) -> str:
    return "".join(part.capitalize() for part in kind.split("_"))


@cache
def _schemas() -> dict[str, Any]:
    found: dict[str, Any] = {}
    for asked, model in (("InvocationSpec", Invocation), ("PackageSpec", PackageOrder)):
        schema = model.model_json_schema(ref_template=f"{SCHEMAS}{{model}}")
        found[asked] = _hoisted(schema, found)
    for kind in all_kinds():
        name = _class_name(kind.name)
        found[f"{name}Spec"] = _spec_schema(kind, found)
        status = _hoisted(kind.status.model_json_schema(ref_template=f"{SCHEMAS}{{model}}"), found)
        facts = {"type": "object", "properties": FACTS}
        found[name] = {"allOf": [{"$ref": f"{SCHEMAS}{name}Spec"}, status, facts]}
    return found


def _spec_schema(kind: Kind, found: dict[str, Any]) -> dict[str, Any]:
    specs = list(dict.fromkeys(kind.variants.values())) or [kind.spec]
    schemas = [
        _hoisted(spec.model_json_schema(ref_template=f"{SCHEMAS}{{model}}"), found)
        for spec in specs
    ]
    if len(schemas) == 1:
        return schemas[0]
    return {"anyOf": schemas}


def _hoisted(schema: dict[str, Any], found: dict[str, Any]) -> dict[str, Any]:
    """Move the definitions of a schema to the document's components."""
    for name, definition in schema.pop("$defs", {}).items():
        found.setdefault(name, definition)
    schema.pop("additionalProperties", None)
    return schema
