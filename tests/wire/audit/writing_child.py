"""A process that writes as fast as it can until it is killed: `python writing_child.py FILE RUN`.

Each id whose `done(None)` was called goes to stdout, one a line. Checkpoints and indexing come often here, so that a
kill hits them as well.
"""

import os
import sys
import threading
from pathlib import Path

from labkit.wire.audit import checkpoint, opening, writer

BEHIND = threading.Semaphore(40)  # submissions that may wait: enough to form groups of many sizes


def main(path: Path, run: str) -> None:
    """Never returns."""
    opening.WAL_PAGES = 60
    checkpoint.PAGES_A_PASS = 40
    writer.ROWS_A_INDEXING = 150
    log = writer.Audit(path)
    number = 0
    while True:
        size = 1 if number % 3 else 1 + number % 90
        names = [f"{run}-{number + offset}" for offset in range(size)]
        number += size
        BEHIND.acquire()
        log.submit([_event(name) for name in names], lambda error, names=names: _stored(error, names))


def _event(name: str) -> writer.Entry:
    body = f'{{"id":"{name}","requestId":"{name}","text":"{"x" * 300}"}}'
    return writer.Entry(
        1000.0, "event", f"room-{len(name) % 4}", "e1", 1, name, "ben" if name[-1] in "37" else "ada", body=body
    )


def _stored(error: BaseException | None, names: list[str]) -> None:
    assert error is None
    os.write(1, "".join(f"{name}\n" for name in names).encode())
    BEHIND.release()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
