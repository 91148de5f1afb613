"""`python -m labkit` is `labkit`."""

import os
import sys

if sys.version_info < (3, 11):  # noqa: UP036 - pip refuses an older one, but a clone runs without pip
    sys.stderr.write(
        "Error: labkit needs Python 3.11 or newer, and this is Python {}.{}; install a newer one\n".format(
            *sys.version_info[:2]
        )
    )
    sys.exit(2)
try:
    here = os.getcwd()
except OSError:  # it was removed
    here = ""
# Python has put the working folder first; last, no file in it can replace a library.
if not sys.flags.safe_path and sys.path[0] in ("", here):
    sys.path.append(sys.path.pop(0))

from labkit.cli import main

main()
