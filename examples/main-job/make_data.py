"""Write scikit-learn's diabetes data as a CSV file with its real columns."""

from __future__ import annotations

import sys
from pathlib import Path

from sklearn.datasets import load_diabetes


def write(path: Path) -> Path:
    table = load_diabetes(as_frame=True, scaled=False).frame
    table.to_csv(path, index=False, lineterminator="\n")
    return path


if __name__ == "__main__":
    write(Path(sys.argv[1] if len(sys.argv) > 1 else "diabetes.csv"))
