"""The nursery: a process with the libraries loaded and one thread, which forks a process for each answer.

`python -m labkit.course.running.nursery_main FD`: FD is a socket to the judge. An order is 9 bytes: b"s" starts an
answer (with two descriptors: its socket and the pipe for what it prints; answered with its pid), b"e" ends one, with
all that it started. When the judge is gone, all of them are ended.
"""

import contextlib
import gc
import os
import signal
import socket
import struct
import sys

from labkit.course.running import in_child

ORDER = struct.Struct("!cq")


def main(descriptor: int) -> None:
    """Serve orders until the judge is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # an interrupted kernel's process group is told too; the judge ends us
    judge = socket.socket(fileno=descriptor)
    gc.freeze()
    alive: set[int] = set()
    while True:
        order, descriptors, _, _ = socket.recv_fds(judge, ORDER.size, 2)
        if len(order) < ORDER.size:
            break
        kind, pid = ORDER.unpack(order)
        if kind == b"s":
            child = os.fork()
            if child == 0:
                judge.close()
                in_child.main(*descriptors)
            alive.add(child)
            for one in descriptors:
                os.close(one)
            judge.sendall(ORDER.pack(b"s", child))
        elif pid in alive:
            alive.discard(pid)
            _end(pid)
    for pid in alive:
        _end(pid)


def _end(pid: int) -> None:
    """Kill a process and its group; it is not waited for until then, so its number is still its own."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, signal.SIGKILL)  # should it not have had the time to lead a group
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, 0)


if __name__ == "__main__":
    main(int(sys.argv[1]))
