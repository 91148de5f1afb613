"""Start JupyterLab without jsonschema's optional IRI grammar, whose parsers slow every launch by 1.8 s.

Closing the terminal stops JupyterLab and its kernels, as SIGTERM does. A full pipe never blocks its log.
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
