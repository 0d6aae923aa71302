"""`python -m zaffre.runtime.capture write|find`: question and answer are JSON.

`write` turns the sealed segments in a folder into tables beside them; `find` looks for a request.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from zaffre.runtime.capture.converting import convert
from zaffre.runtime.capture.searching import find


def main() -> None:
    """Answer one question."""
    question = json.load(sys.stdin)
    if sys.argv[1] == "write":
        convert(Path(question["batch"]))
        return
    json.dump(find(question["tables"], question["request_id"]), sys.stdout)


if __name__ == "__main__":
    main()
