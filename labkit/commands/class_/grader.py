"""The grader of a running class: `labkit class grade --follow` in its own process; judging uses a whole core."""

import logging
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread

from labkit.bench.launch.python import python
from labkit.platform.children import OWN_GROUP, end_by_stdin, kill_group

_LOGGER = logging.getLogger(__name__)
ENDS_S = 10.0


@contextmanager
def grading(class_id: str, path: Path) -> Iterator[None]:
    """Judge new passes while the block runs."""
    command = python("labkit", "class", "grade", class_id, "--file", str(path), "--follow", "--with-parent")
    nowhere = subprocess.DEVNULL
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=nowhere, stderr=nowhere, **OWN_GROUP)
    ending = Event()
    Thread(target=_watch, args=(process, ending), daemon=True).start()
    try:
        yield
    finally:
        ending.set()
        end_by_stdin(process)
        try:
            process.wait(ENDS_S)
        except subprocess.TimeoutExpired:
            kill_group(process.pid)
            process.wait()


def _watch(process: "subprocess.Popen[bytes]", ending: Event) -> None:
    code = process.wait()
    if not ending.is_set():
        _LOGGER.warning("the grader ended; `labkit class grade` says why", extra={"code": code})
