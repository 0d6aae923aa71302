"""The scoring worker: a program for the user's interpreter, run by its path, never imported."""

from pathlib import Path

PROGRAM = Path(__file__).parent / "program" / "worker.py"
"""What a deployment's interpreter is started with; its argument is a specification's path."""
