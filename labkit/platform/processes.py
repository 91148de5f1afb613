"""Memory and processor time of a process of this machine, on any system."""

import psutil


def rss_kb(pid: int) -> float:
    """The resident memory of one process, in KiB. Raises ProcessLookupError when there is none to ask."""
    return float(_process(pid).memory_info().rss / 1024)


def tree_rss_kb(pid: int) -> float:
    """The resident memory of a process and its descendants, in KiB; 0 when it has ended."""
    try:
        process = _process(pid)
        family = [process, *process.children(recursive=True)]
    except (ProcessLookupError, psutil.Error):
        return 0.0
    return sum(map(_rss_or_nothing, family))


def cpu_s(pid: int) -> float:
    """The seconds of processor time that a process has used. Raises ProcessLookupError."""
    spent = _process(pid).cpu_times()
    return float(spent.user + spent.system)


def _process(pid: int) -> psutil.Process:
    try:
        return psutil.Process(pid)
    except psutil.Error as error:
        raise ProcessLookupError(f"no process {pid} on this machine") from error


def _rss_or_nothing(process: psutil.Process) -> float:
    try:
        return float(process.memory_info().rss / 1024)
    except psutil.Error:  # it ended meanwhile
        return 0.0
