"""The wire: one keep-alive HTTP client, retries where they are safe, problems as errors."""

from __future__ import annotations

import contextlib
import sys
import time
import uuid
import warnings
import weakref
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from zaffre import __version__
from zaffre.errors import NotFound, Unauthenticated, Unavailable, ZaffreError
from zaffre.ml import local_server
from zaffre.ml.home import Home
from zaffre.ml.problems import to_error
from zaffre.ml.settings import DEFAULT_WORKSPACE, Settings

if TYPE_CHECKING:
    import httpx2

CONNECT_SECONDS = 5.0
SECONDS = 60.0
STREAM_SECONDS = 90.0
"""A stream says something at least every few seconds."""
ATTEMPTS = 6
FIRST_PAUSE = 0.1
LONGEST_PAUSE = 3.0
SAFE_METHODS = {"GET", "HEAD", "PUT", "DELETE", "OPTIONS"}
READING = {"GET", "HEAD"}
RETRY_STATUSES = {429, 502, 503, 504}
NOT_FOUND = 404
FIRST_ERROR = 400


def http() -> Any:
    """Give the HTTP library; it takes long to load, and much is asked for that needs none."""
    return import_module("httpx2")


def announce(text: str) -> None:
    """Say something to the person at the keyboard, apart from results."""
    sys.stderr.write(f"{text}\n")


@dataclass(frozen=True)
class Target:
    """A server and the credential for it."""

    url: str
    token: str | None
    gateway_url: str | None = None


class Connection:
    """Calls to one server. Nothing is opened before the first call."""

    def __init__(
        self,
        settings: Settings,
        *,
        say: Callable[[str], None] = announce,
        transport: httpx2.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.settings = settings
        self.say = say
        self.sleep = sleep
        self._transport = transport
        self._client: httpx2.Client | None = None
        self._target: Target | None = None
        self._stands_in = False
        self._workspace: str | None = None if not settings.strict else settings.workspace
        self.refuses_writes_elsewhere = False
        """Whether nothing is written to the default workspace in place of an unknown one."""

    @property
    def target(self) -> Target:
        """Give the server that is spoken to; the home's own is started if it does not run."""
        if self._target is None:
            self._target = locate(self.settings, self.say)
        return self._target

    @property
    def workspace(self) -> str:
        """Give the workspace's name; one that only Azure's words name may mean the default."""
        if self._workspace is None:
            self._workspace = self._known_workspace()
        return self._workspace

    def path(self, *parts: str) -> str:
        """Give the path of something in the workspace, each part quoted."""
        return api("workspaces", self.workspace, *parts)

    def get(self, path: str, params: Mapping[str, Any] | None = None) -> Any:
        """Read a JSON document."""
        return self.call("GET", path, params=params).json()

    def send(self, method: str, path: str, document: Any = None, **options: Any) -> Any:
        """Write a JSON document and give the answer's (None where it is empty)."""
        headers = dict(options.pop("headers", None) or {})
        if method == "POST":
            # The key makes a repeated create the same create, so it may be retried.
            headers.setdefault("Idempotency-Key", uuid.uuid4().hex)
        answer = self.call(method, path, json=document, headers=headers, **options)
        return answer.json() if answer.content else None

    def call(self, method: str, path: str, **options: Any) -> httpx2.Response:
        """Do one call, again where that is safe and may help.

        Raises:
            ZaffreError: what the server's problem document says.
            Unavailable: the server cannot be reached.
        """
        self._check_workspace(method)
        headers = options.get("headers") or {}
        repeatable = method in SAFE_METHODS or "Idempotency-Key" in headers
        pause = FIRST_PAUSE
        for attempt in range(1, ATTEMPTS + 1):
            final = not repeatable or attempt == ATTEMPTS
            try:
                answer = self._opened().request(method, path, **options)
            except http().ConnectError as error:
                if attempt == ATTEMPTS:
                    raise self._unreachable(error) from error
                self.relocate()
            except http().TransportError as error:
                if final:
                    raise self._unreachable(error) from error
            else:
                if answer.status_code < FIRST_ERROR:
                    return answer
                if final or answer.status_code not in RETRY_STATUSES:
                    raise self.problem(answer)
                pause = max(pause, _retry_after(answer))
            self.sleep(min(pause, LONGEST_PAUSE))
            pause *= 2
        raise AssertionError("unreachable")

    @contextlib.contextmanager
    def stream(self, method: str, path: str, **options: Any) -> Iterator[httpx2.Response]:
        """Open a call whose answer is read piece by piece; not repeated.

        Raises:
            ZaffreError: what the server's problem document says.
        """
        options.setdefault("timeout", http().Timeout(STREAM_SECONDS, connect=CONNECT_SECONDS))
        with self._opened().stream(method, path, **options) as answer:
            if answer.status_code >= FIRST_ERROR:
                answer.read()
                raise self.problem(answer)
            yield answer

    def problem(self, answer: httpx2.Response) -> ZaffreError:
        """Give the error that an answer describes."""
        try:
            document = answer.json()
        except ValueError:
            document = None
        error = to_error(answer.status_code, document)
        if isinstance(error, Unauthenticated) and error.hint is None:
            error.hint = (
                "Set ZAFFRE_TOKEN, or run on the machine and as the user that owns the home."
            )
        return error

    def relocate(self) -> None:
        """Look again for the home's server: after a restart it may answer elsewhere."""
        if self.settings.url is not None:
            return
        served = Home(self.settings.home).served()
        if served is not None and self._target is not None and served.url != self._target.url:
            self.close()

    def close(self) -> None:
        """Close what is open; the next call opens it again."""
        if self._client is not None:
            self._client.close()
        self._client = None
        self._target = None

    def _opened(self) -> httpx2.Client:
        if self._client is None:
            target = self.target
            headers = {"User-Agent": f"zaffre/{__version__}"}
            if target.token:
                headers["Authorization"] = f"Bearer {target.token}"
            # A proxy of the environment must not see calls to this machine, and a TLS context
            # takes time to build.
            remote = target.url.startswith("https:")
            self._client = http().Client(
                base_url=target.url,
                headers=headers,
                timeout=http().Timeout(SECONDS, connect=CONNECT_SECONDS),
                verify=remote,
                trust_env=remote,
                transport=self._transport,
            )
            # Who forgets to close a client leaves no socket open behind it.
            weakref.finalize(self, self._client.close)
        return self._client

    def _known_workspace(self) -> str:
        name = self.settings.workspace
        try:
            self.get(api("workspaces", name))
        except NotFound:
            self._stands_in = name != DEFAULT_WORKSPACE
            warnings.warn(
                f"There is no workspace `{name}` here: `{DEFAULT_WORKSPACE}` is used.",
                UserWarning,
                stacklevel=4,
            )
            return DEFAULT_WORKSPACE
        return name

    def _check_workspace(self, method: str) -> None:
        """Refuse to write into the default workspace what was meant for another one.

        Raises:
            NotFound: the workspace that was meant is not there.
        """
        if self._stands_in and self.refuses_writes_elsewhere and method not in READING:
            name = self.settings.workspace
            raise NotFound(
                f"There is no workspace `{name}` here, and nothing is written elsewhere.",
                hint=f"Make it (`zaffre workspace create -n {name}`), or say which: "
                f"`-w {DEFAULT_WORKSPACE}`.",
            )

    def _unreachable(self, error: Exception) -> Unavailable:
        url = self._target.url if self._target else self.settings.url
        return Unavailable(
            f"The server at {url} cannot be reached: {error}.",
            hint="`zaffre status` says what runs; `zaffre up` starts it.",
        )


def api(*parts: str) -> str:
    """Give a path under the API's root, each part quoted."""
    return "/api/v1/" + "/".join(quote(part, safe="") for part in parts)


def locate(settings: Settings, say: Callable[[str], None]) -> Target:
    """Find the server that the settings mean, and start the home's own where it does not run."""
    home = Home(settings.home)
    if settings.url is None:
        served = local_server.ensure(home, say)
        return Target(served.url, settings.token or home.token(), served.gateway_url)
    # The home's token is only for the home's server, never for an address somebody typed.
    here = home.served()
    own = here is not None and here.url.rstrip("/") == settings.url
    token = settings.token or (home.token() if own else None)
    return Target(settings.url, token, here.gateway_url if own and here else None)


def _retry_after(answer: httpx2.Response) -> float:
    text = answer.headers.get("Retry-After", "")
    return float(text) if text.isdigit() else 0.0
