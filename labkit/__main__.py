"""`python -m labkit` is `labkit`."""

import os
import sys

try:
    here = os.getcwd()
except OSError:  # it was removed
    here = ""
# Python has put the working folder first; last, no file in it can replace a library.
if not sys.flags.safe_path and sys.path[0] in ("", here):
    sys.path.append(sys.path.pop(0))

from labkit.cli import main

main()
