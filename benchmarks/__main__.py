"""Run benchmarks: `python -m benchmarks [--quick] [--strict] [NAME...]`."""

from __future__ import annotations

import argparse
import importlib
import sys
import time
import traceback

NAMES = (
    "startup",
    "native_logging",
    "tracking",
    "lists",
    "submit",
    "local_queue",
    "pipelines",
    "sweeps",
    "ray_jobs",
    "scoring",
    "compiled",
    "batch",
    "rollout",
    "environments",
    "stores",
)


def main() -> int:
    """Run the named benchmarks (by default all) and write their figures to `build/bench`."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(NAMES)}")
    parser.add_argument(
        "--quick", action="store_true", help="small sizes: does it run, not how fast"
    )
    parser.add_argument("--strict", action="store_true", help="end with 1 if a goal is missed")
    wishes = parser.parse_args()
    if unknown := set(wishes.names) - set(NAMES):
        parser.error(
            f"no such benchmark: {', '.join(sorted(unknown))} (there are {', '.join(NAMES)})"
        )
    missed, broken = [], []
    for name in wishes.names or NAMES:
        print(f"{name}", flush=True)
        start = time.monotonic()
        try:
            table = importlib.import_module(f"benchmarks.{name}").run(quick=wishes.quick)
        except Exception:  # noqa: BLE001  one broken benchmark must not hide the others
            traceback.print_exc()
            broken.append(name)
            continue
        missed += [f"{name}: {row.what}" for row in table.missed()]
        print(f"  -> {table.write()} ({time.monotonic() - start:.0f} s)", flush=True)
    for line in missed:
        print(f"goal missed  {line}")
    for name in broken:
        print(f"broken       {name}")
    return 1 if broken or (missed and wishes.strict) else 0


if __name__ == "__main__":
    sys.exit(main())
