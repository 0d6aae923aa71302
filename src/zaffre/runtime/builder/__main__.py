"""Start the builder as `python -I .../builder/__main__.py`: the standard library and uv.

`FOLDER [--lock DESCRIPTOR]` builds what a folder's order asks for; for the others see `asking`.
"""

import sys

# Found by its own path: the folder that holds `zaffre` comes last, to hide nothing.
sys.path.append(__file__.rsplit("/", 4)[0])

if __name__ == "__main__":
    # Whoever builds is waited for: that way loads only what it needs.
    if len(sys.argv) > 1 and not sys.argv[1].startswith("-"):
        from zaffre.runtime.builder.program import main

        sys.exit(main(sys.argv[1:]))
    from zaffre.runtime.builder import asking

    sys.exit(asking.main())
