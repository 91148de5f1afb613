"""Start JupyterLab without jsonschema's optional IRI grammar, whose parsers add 1.8 s to every start.

Closing the terminal stops it and its kernels, like SIGTERM, and a full pipe never blocks its log.
"""

import sys

from labkit.platform.signals import hang_up_ends
from labkit.wire.output import never_waiting

TROUBLE = 2  # JupyterLab's own 1 would mean that a check failed

if __name__ == "__main__":
    sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]

    from jupyterlab.labapp import main

    hang_up_ends()
    try:
        with never_waiting():
            sys.exit(main())
    except SystemExit as error:
        sys.exit(TROUBLE if error.code else 0)
