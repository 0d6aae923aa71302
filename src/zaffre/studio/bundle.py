"""The built web application: its files, found by name, with the headers that each needs."""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from starlette.datastructures import Headers
from starlette.responses import Response

from zaffre.errors import NotFound

FOLDER = Path(__file__).parent / "web"
INDEX = "index.html"
ASSETS = "assets/"
YEAR = "public, max-age=31536000, immutable"
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data: blob:",
        "font-src 'self'",
        "connect-src 'self'",
        "manifest-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
"""Only what this server serves is loaded, and nobody shows the studio inside a page of theirs."""
NOT_BUILT = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Zaffre</title></head>
<body><main><h1>The studio is not built</h1>
<p>Zaffre runs; its web application was not built in this checkout.
It needs Node.js 20 or later with npm:</p>
<pre>make studio</pre>
<p>Then start the server again: <code>zaffre down</code>, <code>zaffre up</code>.
Until then everything is there at the command line: <code>zaffre --help</code>.</p></main>
</body></html>
"""


@dataclass(frozen=True)
class File:
    """One file of the build."""

    name: str
    content: bytes

    @cached_property
    def packed(self) -> bytes:
        """Give the content compressed; it is done once."""
        return gzip.compress(self.content, mtime=0)

    @cached_property
    def etag(self) -> str:
        """Give what tells one content from another."""
        return f'"{hashlib.sha256(self.content).hexdigest()[:32]}"'

    @property
    def media_type(self) -> str:
        """Give its media type by its name."""
        return mimetypes.guess_type(self.name)[0] or "application/octet-stream"


@dataclass(frozen=True)
class Bundle:
    """All files of a build by name, read once; names that come in requests never become paths."""

    files: dict[str, File] = field(default_factory=dict)

    @classmethod
    def read(cls, folder: Path = FOLDER) -> Bundle:
        """Read what was built; nothing, where nothing was."""
        found = sorted(path for path in folder.rglob("*") if path.is_file())
        names = {path.relative_to(folder).as_posix(): path for path in found}
        return cls({name: File(name, path.read_bytes()) for name, path in names.items()})

    def page(self, headers: Headers) -> Response:
        """Give the application, whatever page of it the address means."""
        file = self.files.get(INDEX, File(INDEX, NOT_BUILT.encode()))
        return _answer(file, headers, "no-store", {"content-security-policy": POLICY})

    def asset(self, name: str, headers: Headers) -> Response:
        """Give a file whose name changes with its content.

        Raises:
            NotFound: the build has none of this name.
        """
        return self._file(f"{ASSETS}{name}", headers, YEAR)

    def icon(self, headers: Headers) -> Response:
        """Give the icon of the tab.

        Raises:
            NotFound: nothing was built.
        """
        return self._file("favicon.svg", headers, "max-age=86400")

    def _file(self, name: str, headers: Headers, caching: str) -> Response:
        if name not in self.files:
            raise NotFound("The studio has no such file.", hint="Load the page again.")
        return _answer(self.files[name], headers, caching, {})


def _answer(file: File, asked: Headers, caching: str, more: dict[str, str]) -> Response:
    headers = {"cache-control": caching, "etag": file.etag, "vary": "accept-encoding", **more}
    if asked.get("if-none-match") == file.etag:
        return Response(status_code=304, headers=headers)
    if "gzip" in asked.get("accept-encoding", ""):
        headers["content-encoding"] = "gzip"
        return Response(file.packed, 200, headers, file.media_type)
    return Response(file.content, 200, headers, file.media_type)
