"""AMLRequest and `rawhttp`, for scripts that want the whole HTTP request."""

from __future__ import annotations

import io
import json
from email.parser import BytesParser
from email.policy import HTTP
from typing import Any, Callable, Dict, Iterator, List, Mapping, Optional, Tuple, TypeVar
from urllib.parse import parse_qsl

WANTED: List[Any] = []
"""The functions that `rawhttp` marked."""

Function = TypeVar("Function", bound=Callable[..., Any])


def rawhttp(function: Function) -> Function:
    """Mark `run` as wanting the request itself."""
    WANTED.append(function)
    return function


class Values(Dict[str, Any]):
    """Named values of which one name may have several; indexing gives the first."""

    def __init__(self, pairs: List[Tuple[str, Any]]) -> None:
        super().__init__()
        self._lists: Dict[str, List[Any]] = {}
        for name, value in pairs:
            self.setdefault(name, value)
            self._lists.setdefault(name, []).append(value)

    def getlist(self, name: str) -> List[Any]:
        """Give all values of a name."""
        return list(self._lists.get(name, []))


class Headers(Mapping[str, str]):
    """Headers, found by name in any case."""

    def __init__(self, pairs: List[Tuple[str, str]]) -> None:
        self._values = {name.lower(): value for name, value in pairs}

    def __getitem__(self, name: str) -> str:
        return self._values[name.lower()]

    def __iter__(self) -> Iterator[str]:
        return (name.title() for name in self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name.lower() in self._values


class UploadedFile(io.BytesIO):
    """A file of a multipart form."""

    def __init__(self, content: bytes, name: str, filename: str, content_type: str) -> None:
        super().__init__(content)
        self.name = name
        self.filename = filename
        self.content_type = self.mimetype = content_type
        self.stream = self

    def save(self, destination: str) -> None:
        """Write the content to a file."""
        with open(destination, "wb") as file:
            file.write(self.getvalue())


class AMLRequest:
    """The HTTP request, with the names that scripts use of Flask's."""

    def __init__(self, request: Any) -> None:
        self.method: str = request.method
        self.path: str = request.path
        self.query_string: bytes = request.query.encode()
        self.full_path = request.path + "?" + request.query
        self.headers = Headers(list(request.headers))
        self.url = self.base_url = "http://" + self.headers.get("host", "localhost") + request.path
        if request.query:
            self.url += "?" + request.query
        self.args = Values(parse_qsl(request.query, keep_blank_values=True))
        self.data: bytes = request.body
        self.content_type = self.headers.get("content-type")
        self.mimetype = (self.content_type or "").partition(";")[0].strip().lower()
        self.content_length = len(request.body)
        self.is_json = self.mimetype == "application/json" or self.mimetype.endswith("+json")
        self.stream = io.BytesIO(request.body)
        self._forms: Optional[Tuple[Values, Values]] = None

    def get_data(
        self, cache: Any = None, as_text: Any = False, parse_form_data: Any = None
    ) -> Any:
        """Give the body as bytes, or as text."""
        del cache, parse_form_data  # of Flask's signature, without a meaning here
        return self.data.decode("utf-8") if as_text else self.data

    def get_json(self, force: Any = False, silent: Any = False, cache: Any = None) -> Any:
        """Give the body parsed as JSON."""
        del cache
        if not (force or self.is_json):
            if silent:
                return None
            raise ValueError("The request's content type is not JSON.")
        try:
            return json.loads(self.data)
        except ValueError:
            if silent:
                return None
            raise

    @property
    def json(self) -> Any:
        """The body parsed as JSON."""
        return self.get_json()

    @property
    def form(self) -> Values:
        """The plain fields of a form."""
        return self._parsed()[0]

    @property
    def files(self) -> Values:
        """The files of a multipart form."""
        return self._parsed()[1]

    def _parsed(self) -> Tuple[Values, Values]:
        if self._forms is None:
            self._forms = _form(self.mimetype, self.content_type or "", self.data)
        return self._forms


def _form(mimetype: str, content_type: str, body: bytes) -> Tuple[Values, Values]:
    if mimetype == "application/x-www-form-urlencoded":
        return Values(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True)), Values(
            []
        )
    fields: List[Tuple[str, Any]] = []
    files: List[Tuple[str, Any]] = []
    if mimetype == "multipart/form-data":
        head = b"Content-Type: " + content_type.encode("latin-1", "replace") + b"\r\n\r\n"
        for part in BytesParser(policy=HTTP).parsebytes(head + body).iter_parts():
            name = str(part.get_param("name", "", header="content-disposition"))
            payload = part.get_payload(decode=True)
            content = payload if isinstance(payload, bytes) else b""
            filename = part.get_filename()
            if filename is None:
                fields.append((name, content.decode("utf-8", "replace")))
            else:
                files.append(
                    (name, UploadedFile(content, name, filename, part.get_content_type()))
                )
    return Values(fields), Values(files)
