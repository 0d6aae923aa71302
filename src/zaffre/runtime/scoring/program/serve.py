"""Serve this model: `python serve.py --port 8080`. Needs what requirements.txt lists, no more."""

import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "server"))

from zaffre_scoring.standing import main  # noqa: E402 - it lies in that folder

if __name__ == "__main__":
    sys.exit(main(HERE, sys.argv[1:]))
