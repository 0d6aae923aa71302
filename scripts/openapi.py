"""Print the OpenAPI document of the server, without starting one."""

from __future__ import annotations

import json
import sys

from zaffre.api.openapi import openapi
from zaffre.api.table import all_routes


def main() -> None:
    """Print it."""
    json.dump(openapi(all_routes()), sys.stdout, indent=1)


if __name__ == "__main__":
    main()
