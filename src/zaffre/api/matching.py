"""Finding the route of a path: exact paths by dictionary, the others by pattern."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from starlette.convertors import Convertor
from starlette.routing import compile_path

from zaffre.api.routing import Access, Route


@dataclass(frozen=True)
class Match:
    """A route and the parameters in the path."""

    route: Route
    params: dict[str, Any] = field(default_factory=dict)


class Table:
    """All routes of a server.

    Raises:
        TypeError: a route does not declare who may call it, or lets readers change something.
        ValueError: two routes have the same method and path.
    """

    def __init__(self, routes: Iterable[Route]) -> None:
        self._exact: dict[tuple[str, str], Match] = {}
        self._patterns: list[tuple[re.Pattern[str], dict[str, Convertor[Any]], Route]] = []
        seen: set[tuple[str, str]] = set()
        for route in routes:
            if not isinstance(route.access, Access):
                raise TypeError(f"{route.method} {route.path} does not declare who may call it.")
            if route.method != "GET" and route.access < Access.JOB_WRITE and not route.reads:
                raise TypeError(f"{route.method} {route.path} lets those change who only read.")
            if (route.method, route.path) in seen:
                raise ValueError(f"{route.method} {route.path} is declared twice.")
            seen.add((route.method, route.path))
            self._add(route)

    def _add(self, route: Route) -> None:
        pattern, _, convertors = compile_path(route.path)
        if convertors:
            self._patterns.append((pattern, convertors, route))
        else:
            self._exact[route.method, route.path] = Match(route)

    def find(self, method: str, path: str) -> Match | None:
        """Give the route of a request, or None."""
        wanted = "GET" if method == "HEAD" else method
        exact = self._exact.get((wanted, path))
        if exact is not None:
            return exact
        for pattern, convertors, route in self._patterns:
            if route.method == wanted and (found := pattern.match(path)):
                texts = found.groupdict()
                return Match(
                    route, {name: convertors[name].convert(text) for name, text in texts.items()}
                )
        return None

    def methods(self, path: str) -> list[str]:
        """List the methods that a path answers to."""
        exact = {method for method, known in self._exact if known == path}
        found = {route.method for pattern, _, route in self._patterns if pattern.match(path)}
        return sorted(exact | found)
