"""The binary form of tensors in the Open Inference Protocol, in and out.

The body is a JSON document, whose length a header says, then the bytes of each tensor in turn.
"""

from __future__ import annotations

import json
import struct
from typing import Any, Dict, List, Optional, Sequence

from zaffre_scoring.answers import Answer
from zaffre_scoring.requests import Refused, Request
from zaffre_scoring.tables import document_of

HEADER = "inference-header-content-length"
FORMATS = {
    "BOOL": "?",
    "UINT8": "B",
    "UINT16": "H",
    "UINT32": "I",
    "UINT64": "Q",
    "INT8": "b",
    "INT16": "h",
    "INT32": "i",
    "INT64": "q",
    "FP16": "e",
    "FP32": "f",
    "FP64": "d",
}
BRAIN = "BF16"
TEXT = "BYTES"
SIZE = struct.Struct("<I")
KIND = ("Content-Type", "application/octet-stream")


def read(request: Request) -> Any:
    """Give the document of a request, with the values of its binary tensors as their `data`.

    Raises:
        Refused: it is no JSON, or the tensors are not as long as it says.
    """
    said = request.header(HEADER)
    if not said:
        return document_of(request)
    if not (said.isascii() and said.isdigit() and int(said) <= len(request.body)):
        text = "Inference-Header-Content-Length is {}, and the body has {} bytes."
        raise Refused(400, text.format(said[:20], len(request.body)))
    document = document_of(request._replace(body=request.body[: int(said)]))
    rest = request.body[int(said) :]
    inputs = document.get("inputs") if isinstance(document, dict) else None
    for number, one in enumerate(inputs if isinstance(inputs, list) else ()):
        size = _size(one)
        if size is None:
            continue
        if size > len(rest):
            text = "`inputs[{}]` has {} bytes, and says that it has {}."
            raise Refused(400, text.format(number, len(rest), size))
        one["data"], rest = _values(rest[:size], one.get("datatype"), number), rest[size:]
    if rest:
        raise Refused(400, f"The body has {len(rest)} bytes that belong to no input.")
    return document


def _size(tensor: Any) -> Optional[int]:
    parameters = tensor.get("parameters") if isinstance(tensor, dict) else None
    size = parameters.get("binary_data_size") if isinstance(parameters, dict) else None
    is_count = isinstance(size, int) and not isinstance(size, bool) and size >= 0
    return size if is_count else None


def _values(data: bytes, datatype: Any, number: int) -> List[Any]:
    try:
        if datatype == TEXT:
            return _texts(data)
        if datatype == BRAIN:
            words = struct.unpack(f"<{len(data) // 2}H", data)
            return list(struct.unpack(f"<{len(words)}f", b"".join(map(_widened, words))))
        code = FORMATS[str(datatype)]
        return list(struct.unpack(f"<{len(data) // struct.calcsize('<' + code)}{code}", data))
    except (KeyError, struct.error, UnicodeDecodeError):
        text = "The bytes of `inputs[{}]` are no values of datatype {}."
        raise Refused(400, text.format(number, str(datatype)[:20])) from None


def _widened(word: int) -> bytes:
    """Give a 16-bit float of that kind as one of 32 bits: it is its upper half."""
    return struct.pack("<I", word << 16)


def _texts(data: bytes) -> List[str]:
    found, place = [], 0
    while place < len(data):
        (size,) = SIZE.unpack_from(data, place)
        place += SIZE.size
        if place + size > len(data):
            raise struct.error
        found.append(str(data[place : place + size], "utf-8"))
        place += size
    return found


def written(request: Request, found: Dict[str, Any]) -> Answer:
    """Give an answer: the outputs that are wanted so in binary form, the others in JSON."""
    document, head = _document(request), {**found, "outputs": []}
    tail: List[bytes] = []
    for output in found["outputs"]:
        packed = _packed(output) if _is_wanted(document, output["name"]) else None
        if packed is None:
            head["outputs"].append(output)
            continue
        kept = {name: value for name, value in output.items() if name != "data"}
        head["outputs"].append({**kept, "parameters": {"binary_data_size": len(packed)}})
        tail.append(packed)
    body = json.dumps(head).encode()
    if not tail:
        return Answer(body)
    headers = (KIND, ("Inference-Header-Content-Length", str(len(body))))
    return Answer(b"".join((body, *tail)), headers=headers)


def identifier(request: Request) -> Optional[str]:
    """Give the id that a request has in its document."""
    given = _document(request).get("id") if b'"id"' in request.body else None
    return given if isinstance(given, str) else None


def _document(request: Request) -> Dict[str, Any]:
    """Give the document of a request that was read before."""
    if b"binary_data" not in request.body and b'"id"' not in request.body:
        return {}
    size = request.header(HEADER)
    found: Dict[str, Any] = json.loads(request.body[: int(size)] if size else request.body)
    return found


def _is_wanted(document: Dict[str, Any], name: str) -> bool:
    wanted = _parameter(document, "binary_data_output")
    outputs = document.get("outputs")
    for one in outputs if isinstance(outputs, list) else ():
        if isinstance(one, dict) and one.get("name") == name:
            own = _parameter(one, "binary_data")
            return wanted if own is None else own is True
    return wanted is True


def _parameter(holder: Dict[str, Any], name: str) -> Any:
    parameters = holder.get("parameters")
    return parameters.get(name) if isinstance(parameters, dict) else None


def _packed(output: Dict[str, Any]) -> Optional[bytes]:
    """Give the values of an output as bytes; None where one of them is missing."""
    values: Sequence[Any] = output["data"]
    try:
        if output["datatype"] == TEXT:
            texts = [str(value).encode() for value in values]
            return b"".join(SIZE.pack(len(text)) + text for text in texts)
        return struct.pack(f"<{len(values)}{FORMATS[output['datatype']]}", *values)
    except (KeyError, struct.error):
        return None
