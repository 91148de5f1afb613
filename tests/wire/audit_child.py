"""A process that writes as fast as it can until it is killed: `python audit_child.py FILE RUN`.

Each id whose `done(None)` was called goes to stdout, one a line. Checkpoints and indexing come often here, so that a
kill hits them as well.
"""

import os
import sys
import threading
from pathlib import Path

from labkit.wire import audit, audit_checkpoint, audit_open

BEHIND = threading.Semaphore(40)  # submissions that may wait: enough to form groups of many sizes


def main(path: Path, run: str) -> None:
    """Never returns."""
    audit_open.WAL_PAGES = 60
    audit_checkpoint.PAGES_A_PASS = 40
    audit.ROWS_A_INDEXING = 150
    log = audit.Audit(path)
    number = 0
    while True:
        size = 1 if number % 3 else 1 + number % 90
        names = [f"{run}-{number + offset}" for offset in range(size)]
        number += size
        BEHIND.acquire()
        log.submit([_event(name) for name in names], lambda error, names=names: _stored(error, names))


def _event(name: str) -> audit.Entry:
    body = f'{{"id":"{name}","requestId":"{name}","text":"{"x" * 300}"}}'
    return audit.Entry(1000.0, "event", f"room-{len(name) % 4}", "e1", 1, name, "ada", body=body)


def _stored(error: BaseException | None, names: list[str]) -> None:
    assert error is None
    os.write(1, "".join(f"{name}\n" for name in names).encode())
    BEHIND.release()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
