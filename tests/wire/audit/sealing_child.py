"""A process that seals a file again and again, and erases ben's texts every third time: `python sealing_child.py FILE`.

It deletes few rows at a time, so that a kill falls between two of them. It ends by itself if a change is refused.
"""

import sys
from pathlib import Path

from labkit.wire.audit import erasing, sealing


def main(path: Path) -> None:
    """Never returns."""
    sealing.ROWS_A_DELETION = 100
    erasing.ROWS_A_RECORD = 50
    number = 0
    print("at work", flush=True)
    while True:
        number += 1
        sealing.seal(path)
        if number % 3 == 2:
            erasing.erase(path, "ben")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
