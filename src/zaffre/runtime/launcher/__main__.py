"""Start the launcher as `python -I -S .../launcher/__main__.py`: standard library only."""

import sys

# Found by its own path: the folder that holds `zaffre` comes last, to hide nothing.
sys.path.append(__file__.rsplit("/", 4)[0])

from zaffre.runtime.launcher.program import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
