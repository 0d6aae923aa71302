"""Compile a model to ONNX: `python compile.py ORDER.json`, in the deployment's interpreter."""

import sys

from zaffre_scoring.compiling import run

if __name__ == "__main__":
    sys.path.pop(0)
    sys.exit(run(sys.argv[1]))
