"""Make a package: `python package.py --model PATH --output FOLDER [...]`, as a job does.

With `--used FOLDER` it opens a package instead, and says which module was missing.
"""

import sys

from zaffre_packaging.making import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
