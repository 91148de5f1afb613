"""The fork server: a process with the libraries loaded and one thread, which forks a process for each answer.

Its argument is the descriptor of a socket to the judge. An order is 9 bytes: b"s" starts an answer (with two
descriptors: its socket and the pipe for what it prints; answered with b"s" and its pid, or with b"x" and the errno when
it cannot fork), b"e" ends one, with all that it started. When the judge is gone, all of them are ended.
"""

import contextlib
import gc
import os
import signal
import socket
import struct
import sys
from pathlib import Path

from labkit.course.running import in_child

ORDER = struct.Struct("!cq")
ROUNDS = 100  # an orphan's children are orphans in the next one


def main(descriptor: int) -> None:
    """Serve orders until the judge is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # an interrupted kernel's process group is told too; the judge ends us
    judge = socket.socket(fileno=descriptor)
    _adopt_orphans()
    gc.freeze()
    alive: set[int] = set()
    while True:
        order, descriptors, _, _ = socket.recv_fds(judge, ORDER.size, 2)
        if len(order) < ORDER.size:
            break
        kind, pid = ORDER.unpack(order)
        if kind == b"s":
            judge.sendall(_fork(judge, alive, descriptors))
        elif pid in alive:
            alive.discard(pid)
            _end(pid)
            _end_orphans(alive)
    for pid in alive:
        _end(pid)
    _end_orphans(set())


def _fork(judge: socket.socket, alive: set[int], descriptors: list[int]) -> bytes:
    """Fork an answer's process, and say so to the judge."""
    try:
        child = os.fork()
    except OSError as error:
        child, report = 0, ORDER.pack(b"x", error.errno or 0)
    else:
        if child == 0:
            judge.close()
            in_child.main(*descriptors)
        alive.add(child)
        report = ORDER.pack(b"s", child)
    for one in descriptors:
        os.close(one)
    return report


def _end(pid: int) -> None:
    """Kill a process and its group; it is not waited for until then, so its number is still its own."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, signal.SIGKILL)  # should it not have had the time to lead a group
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, 0)


def _adopt_orphans() -> None:
    """Be the parent of what an answer has left behind: in a session of its own, it is in nobody's group."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(36, 1)  # PR_SET_CHILD_SUBREAPER


def _end_orphans(answers: set[int]) -> None:
    """End every child of ours that is no answer: its parent is dead."""
    for _ in range(ROUNDS):
        orphans = _children() - answers
        for pid in orphans:
            _end(pid)
        if not orphans:
            break


def _children() -> set[int]:
    """Our children, as /proc tells; none where there is no /proc."""
    found = set()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError, IndexError):
            parent = int(stat.read_bytes().rpartition(b") ")[2].split()[1])  # behind its name and its state
            if parent == os.getpid():
                found.add(int(stat.parent.name))
    return found


if __name__ == "__main__":
    main(int(sys.argv[1]))
