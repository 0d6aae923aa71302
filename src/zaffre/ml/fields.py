"""Documents with attributes: what entities are made of."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any


class Fields(dict[str, Any]):
    """A mapping whose keys are attributes too: `settings.request_timeout_ms`."""

    def __init__(self, *args: Any, **fields: Any) -> None:
        super().__init__()
        for name, value in dict(*args, **fields).items():
            self[name] = value

    def __setitem__(self, name: str, value: Any) -> None:
        super().__setitem__(name, wrap(value))

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        try:
            return self[name]
        except KeyError:
            raise AttributeError(
                f"There is no `{name}` here, only {', '.join(self) or 'nothing'}."
            ) from None

    def __setattr__(self, name: str, value: Any) -> None:
        self[name] = value


class Keys(Fields):
    """The keys of an endpoint. They print as stars."""

    @property
    def primary_key(self) -> str:
        """Give the primary key."""
        return str(self["primaryKey"])

    @property
    def secondary_key(self) -> str:
        """Give the secondary key."""
        return str(self["secondaryKey"])

    def __repr__(self) -> str:
        """Show that there are keys, and none of them."""
        return "Keys(primary_key='***', secondary_key='***')"


def wrap(value: Any) -> Any:
    """Give plain mappings attributes, at every depth."""
    if isinstance(value, Fields):
        return value
    if isinstance(value, Mapping):
        return Fields(value)
    if isinstance(value, (list, tuple)):
        return [wrap(item) for item in value]
    return value


def plain(value: Any) -> Any:
    """Give a document as JSON has it: no entities, no attributes, nothing that is unset."""
    if hasattr(value, "as_field"):
        return value.as_field()
    if isinstance(value, Mapping):
        return {str(name): plain(item) for name, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(item) for item in value]
    if hasattr(value, "__fspath__"):
        return value.__fspath__()
    return value


def snake(text: str) -> str:
    """Give `OnlineEndpoint` as `online_endpoint`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", text).lower()
