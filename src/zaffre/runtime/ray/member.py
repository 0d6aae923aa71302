"""`ray start` on loopback only: `python -m zaffre.runtime.ray.member --block ...`."""

from __future__ import annotations

import sys

from ray.scripts.scripts import start

from zaffre.runtime.ray import loopback

if __name__ == "__main__":
    loopback.stay()
    sys.exit(start(["--node-ip-address", loopback.HOST, *sys.argv[1:]]))
