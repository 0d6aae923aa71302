"""Start the builder as `python -I .../builder/__main__.py`: the standard library and uv."""

import sys

# Found by its own path: the folder that holds `zaffre` comes last, to hide nothing.
sys.path.append(__file__.rsplit("/", 4)[0])

if __name__ == "__main__":
    from zaffre.runtime.builder.asking import main

    sys.exit(main())
