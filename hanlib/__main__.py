"""`python -m hanlib`, the same as the command `hanlib`."""

import sys

from hanlib.cli import main

if __name__ == "__main__":
    sys.exit(main())
