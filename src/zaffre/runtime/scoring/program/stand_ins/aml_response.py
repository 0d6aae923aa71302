"""AMLResponse, for scripts that answer with their own status and headers."""

from __future__ import annotations

import json
from typing import Any, Iterator, List, Mapping, Optional, Tuple, Union


class Headers:
    """Response headers: set by name, added to, listed in order."""

    def __init__(self) -> None:
        self._pairs: List[Tuple[str, str]] = []

    def __getitem__(self, name: str) -> str:
        found = self.get(name)
        if found is None:
            raise KeyError(name)
        return found

    def __setitem__(self, name: str, value: Any) -> None:
        self.remove(name)
        self._pairs.append((name, str(value)))

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self.get(name) is not None

    def __iter__(self) -> Iterator[Tuple[str, str]]:
        return iter(self._pairs)

    def get(self, name: str, default: Optional[str] = None) -> Optional[str]:
        """Give the first value of a header."""
        return next((value for key, value in self._pairs if key.lower() == name.lower()), default)

    def add(self, name: str, value: Any) -> None:
        """Add a header beside those of the same name."""
        self._pairs.append((name, str(value)))

    add_header = add
    set = __setitem__

    def remove(self, name: str) -> None:
        """Take all headers of a name out."""
        self._pairs = [(key, value) for key, value in self._pairs if key.lower() != name.lower()]

    def items(self) -> List[Tuple[str, str]]:
        """Give all headers."""
        return list(self._pairs)


class AMLResponse:
    """What `run` may return to set status and headers."""

    def __init__(
        self,
        message: Any,
        status_code: int,
        response_headers: Mapping[str, str] = {},
        json_str: bool = False,
        run_function_failed: bool = False,
    ) -> None:
        self.status_code = status_code
        self.headers = Headers()
        if message is None or json_str:
            self._body = json.dumps({} if message is None else message).encode()
            self.headers["Content-Type"] = "application/json"
        else:
            self._body = _bytes(message)
            self.headers["Content-Type"] = "text/html; charset=utf-8"
        self.headers["x-ms-run-function-failed"] = run_function_failed
        if any(name == "Content-Type" for name in response_headers):
            self.headers.remove("Content-Type")
        for name, values in response_headers.items():
            for value in str(values).split(","):
                self.headers.add(name, value.strip())

    @property
    def data(self) -> bytes:
        """The body."""
        return self._body

    @data.setter
    def data(self, value: Union[str, bytes]) -> None:
        self._body = _bytes(value)

    def get_data(self, as_text: bool = False) -> Any:
        """Give the body as bytes, or as text."""
        return self._body.decode("utf-8") if as_text else self._body

    def set_data(self, value: Union[str, bytes]) -> None:
        """Replace the body."""
        self._body = _bytes(value)


def _bytes(value: Any) -> bytes:
    if isinstance(value, str):
        return value.encode("utf-8")
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value)
    return b"".join(_bytes(part) for part in value)
