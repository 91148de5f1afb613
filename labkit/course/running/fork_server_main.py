"""The fork server: a process with the libraries loaded and a single thread, which forks a process for each answer.

Its argument is the descriptor of a socket to the judge. A command is 9 bytes. b"s" starts an answer; two descriptors
come with it, for the answer's socket and for its output; the reply is b"s" and the pid, or b"x" and the errno of a
failed fork. b"e" ends an answer and every process that it started. When the judge is gone, all of them end.
"""

import contextlib
import gc
import os
import signal
import socket
import struct
import sys

import psutil

from labkit.course.running import answer_main

COMMAND = struct.Struct("!cq")
ROUNDS = 100  # killing an orphan makes its children orphans, for the next round


def main(descriptor: int) -> None:
    """Execute commands until the judge is gone."""
    signal.signal(
        signal.SIGINT, signal.SIG_IGN
    )  # interrupting a kernel signals this process too, but only the judge ends it
    judge = socket.socket(fileno=descriptor)
    _adopt_orphans()
    gc.freeze()
    alive: set[int] = set()
    while True:
        command, descriptors, _, _ = socket.recv_fds(judge, COMMAND.size, 2)
        if len(command) < COMMAND.size:
            break
        kind, pid = COMMAND.unpack(command)
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
    """Fork a process for an answer. Return the reply for the judge."""
    try:
        child = os.fork()
    except OSError as error:
        child, report = 0, COMMAND.pack(b"x", error.errno or 0)
    else:
        if child == 0:
            judge.close()
            answer_main.main(*descriptors)
        alive.add(child)
        report = COMMAND.pack(b"s", child)
    for one in descriptors:
        os.close(one)
    return report


def _end(pid: int) -> None:
    """Kill a process and its group. It has not been waited for, so its pid cannot belong to another process."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, signal.SIGKILL)  # if it had no time yet to lead a group
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, 0)


def _adopt_orphans() -> None:
    """Become the parent of processes that an answer leaves behind.

    In their own session, killing the group misses them.
    """
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(36, 1)  # PR_SET_CHILD_SUBREAPER


def _end_orphans(answers: set[int]) -> None:
    """Kill every child of this process that is not an answer: the answer that started it is dead."""
    for _ in range(ROUNDS):
        orphans = _children() - answers
        for pid in orphans:
            _end(pid)
        if not orphans:
            break


def _children() -> set[int]:
    return {child.pid for child in psutil.Process().children()}


if __name__ == "__main__":
    main(int(sys.argv[1]))
