"""Start the launcher as `python -I -S .../launcher/__main__.py`: standard library only.

With `--nursery` first, start the warm parent that forks launchers.
"""

import sys

# Found by its own path: the folder that holds `zaffre` comes last, to hide nothing.
sys.path.append(__file__.rsplit("/", 4)[0])

if __name__ == "__main__":
    if sys.argv[1] == "--nursery":
        from zaffre.runtime.launcher.nursery import main

        sys.exit(main(sys.argv[2:]))
    from zaffre.runtime.launcher.program import main

    sys.exit(main(sys.argv[1:]))
