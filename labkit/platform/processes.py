"""Measure a process's memory and CPU time, and suspend it, on any operating system."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

import psutil


def rss_kb(pid: int) -> float:
    """Return a process's resident memory, in KiB. Raises ProcessLookupError."""
    return float(_process(pid).memory_info().rss / 1024)


def tree_rss_kb(pid: int) -> float:
    """Return the resident memory of a process and its descendants, in KiB, or 0 if it has ended."""
    try:
        process = _process(pid)
        family = [process, *process.children(recursive=True)]
    except (ProcessLookupError, psutil.Error):
        return 0.0
    return sum(map(_rss_or_nothing, family))


def cpu_s(pid: int) -> float:
    """Return the CPU time that a process has used, in seconds. Raises ProcessLookupError."""
    spent = _process(pid).cpu_times()
    return float(spent.user + spent.system)


@contextmanager
def suspended(pid: int) -> Iterator[None]:
    """Let a process and its descendants stand still, and go on afterwards. Raises ProcessLookupError.

    The descendants too: on Windows, the Python of a virtual environment runs the real one as its child.
    """
    process = _process(pid)
    family = [process, *process.children(recursive=True)]
    try:
        for one in family:
            one.suspend()
        yield
    finally:
        for one in family:
            with suppress(psutil.NoSuchProcess):
                one.resume()


def _process(pid: int) -> psutil.Process:
    try:
        return psutil.Process(pid)
    except psutil.Error as error:
        raise ProcessLookupError(f"there is no process {pid} on this machine") from error


def _rss_or_nothing(process: psutil.Process) -> float:
    try:
        return float(process.memory_info().rss / 1024)
    except psutil.Error:  # it has ended in the meantime
        return 0.0
