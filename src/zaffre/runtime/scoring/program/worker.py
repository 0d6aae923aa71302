"""Start a scoring worker: `python worker.py SPECIFICATION.json`, in the user's interpreter.

This folder leaves the import path before user code runs: nothing of ours hides a user's module.
"""

import sys

from zaffre_scoring.serving import main

if __name__ == "__main__":
    sys.path.pop(0)
    sys.exit(main(sys.argv[1]))
