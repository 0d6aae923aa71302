"""What a script returned, as the bytes of an answer."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Tuple

from zaffre_scoring.frames import ANSWER, ANSWER_FULL, COUNT

SCRIPT_FAILED = "An unexpected error occurred in scoring script. Check the logs for more info."
INTERNAL = "An unexpected internal error occurred. Check the logs for more info."
JSON_TYPE = ("Content-Type", "application/json")

Headers = Sequence[Tuple[str, str]]


class Answer(NamedTuple):
    """A body with its status and headers; `failed` is what x-ms-run-function-failed says.

    `collected` is what the script collected meanwhile, for the gateway alone.
    """

    body: bytes
    status: int = 200
    headers: Headers = (JSON_TYPE,)
    failed: bool = False
    collected: Optional[Dict[str, str]] = None

    def parts(self, microseconds: int) -> Tuple[int, List[bytes]]:
        """Give the frame kind and payload that carry this answer."""
        spent = COUNT.pack(min(microseconds, 0xFFFFFFFF))
        is_plain = self.headers == (JSON_TYPE,) and self.status == HTTPStatus.OK
        if is_plain and not (self.failed or self.collected):
            return ANSWER, [spent, self.body]
        said = {"status": self.status, "headers": self.headers, "failed": self.failed}
        if self.collected:
            said["collected"] = self.collected
        meta = json.dumps(said).encode()
        return ANSWER_FULL, [spent, COUNT.pack(len(meta)), meta, self.body]


def message(status: int, text: str, *, failed: bool = False) -> Answer:
    """Give an answer in the form of all errors: `{"message": ...}`."""
    return json_answer(status, {"message": text}, failed=failed)


def json_answer(status: int, document: Dict[str, Any], *, failed: bool = False) -> Answer:
    """Give a document as an answer."""
    return Answer(json.dumps(document).encode(), status, (JSON_TYPE,), failed)


def answer_of(value: Any) -> Answer:
    """Turn what `run` returned into an answer.

    Raises:
        TypeError, ValueError: JSON cannot hold it.
    """
    if hasattr(value, "status_code") and hasattr(value, "headers") and hasattr(value, "get_data"):
        return _of_response(value)
    return Answer(json.dumps({} if value is None else value).encode())


def _of_response(response: Any) -> Answer:
    """Take an AMLResponse, or the response of a web framework that looks like one, as it is."""
    status = int(response.status_code)
    headers = [(str(name), str(value)) for name, value in response.headers.items()]
    failed = status >= HTTPStatus.INTERNAL_SERVER_ERROR
    kept: List[Tuple[str, str]] = []
    for name, value in headers:
        low = name.lower()
        if low == "x-ms-run-function-failed":
            failed = failed or value.strip().lower() == "true"
        elif low not in ("content-length", "transfer-encoding", "connection"):
            kept.append((name, value))
    return Answer(bytes(response.get_data()), status, kept, failed)
