"""What a check of a document found, without sending it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from zaffre.errors import Invalid, Problem
from zaffre.kinds.document import Document
from zaffre.kinds.resource import Kind
from zaffre.ml.checking import Checked, check, said
from zaffre.ml.preparing import find


@dataclass(frozen=True)
class ValidationResult:
    """What a check found: problems refuse the document, warnings do not."""

    problems: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()

    @property
    def passed(self) -> bool:
        """Say whether the document may be sent."""
        return not self.problems

    @property
    def error_messages(self) -> dict[str, str]:
        """Give the messages of the problems by field."""
        return {problem.place.field or "": problem.message for problem in self.problems}

    def __repr__(self) -> str:
        """Show the messages, a line each."""
        return (
            "\n".join(said(problem) for problem in (*self.problems, *self.warnings)) or "Passed."
        )


def validate(kind: Kind, document: Document, here: Iterable[str] = ()) -> ValidationResult:
    """Say what is wrong with a document, without sending it."""
    try:
        checked = checked_with_files(kind, document, here)
    except Invalid as error:
        return ValidationResult(error.problems or (Problem(error.message, hint=error.hint),))
    return ValidationResult(warnings=checked.warnings)


def checked_with_files(kind: Kind, document: Document, here: Iterable[str] = ()) -> Checked:
    """Give a document as it will be sent, if all that it names on this machine is there.

    Raises:
        Invalid: it is wrong, or something is not there.
    """
    checked = check(kind, document)
    find(kind.name, checked.data, checked.source, here)
    return checked
