"""Every error that a caller can meet. The class says what the caller can do about it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Place:
    """Where in a document something stands; line and column count from 1."""

    file: str | None = None
    line: int | None = None
    column: int | None = None
    field: str | None = None

    def __str__(self) -> str:
        """Give `file:line:column`, as editors understand it."""
        return ":".join(
            str(part) for part in (self.file, self.line, self.column) if part is not None
        )


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong, where, and what to do about it."""

    message: str
    place: Place = Place()
    hint: str | None = None


class ZaffreError(Exception):
    """The root of all errors: a message, a hint on what to do next, and a stable code."""

    code = "error"

    def __init__(
        self,
        message: str,
        *,
        hint: str | None = None,
        code: str | None = None,
        problems: tuple[Problem, ...] = (),
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.problems = problems
        if code is not None:
            self.code = code


class Invalid(ZaffreError):
    """What was asked for is written wrong: correct it and ask again."""

    code = "invalid"


class Unauthenticated(ZaffreError):
    """No valid credential came with the call."""

    code = "unauthenticated"


class Forbidden(ZaffreError):
    """The credential is valid but does not allow this."""

    code = "forbidden"


class NotFound(ZaffreError):
    """There is no such thing (or the caller may not know of it)."""

    code = "not_found"


class Conflict(ZaffreError):
    """The present state does not allow this."""

    code = "conflict"


class Stale(Conflict):
    """Somebody changed the thing after it was read: read it again."""

    code = "stale_revision"


class TooLarge(ZaffreError):
    """A limit on size was passed."""

    code = "too_large"


class Unavailable(ZaffreError):
    """Something needed is away for the moment: try again later."""

    code = "unavailable"


class StorageFull(Unavailable):
    """No room is left to keep what was sent; nothing of it was kept."""

    code = "storage_full"


class Failed(ZaffreError):
    """What was asked for was tried and failed."""

    code = "failed"
