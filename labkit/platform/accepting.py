"""Accept connections: a few per turn of the event loop, with a backoff while file descriptors or memory are short.

asyncio's own listener uses its `backlog` as the number of accepts per turn, too. Out of file descriptors, it fails that
often in one turn, and logs a traceback and schedules a retry for each failure: 4,096 at a time.
"""

import asyncio
import errno
import socket
from collections.abc import Callable

BACKLOG = 4096  # with asyncio's 100, a storm of 1,000 waits seconds for SYN retries; the kernel caps it at somaxconn
PER_TURN = 32  # a member's message never waits for more accepts than this
SHORTEST_WAIT_S, LONGEST_WAIT_S = 0.05, 1.0
# A connection was lost before it was accepted; `man 2 accept` says to treat these errors as "try again".
_LOST = "ECONNABORTED EPROTO ENETDOWN ENOPROTOOPT EHOSTDOWN ENONET EHOSTUNREACH EOPNOTSUPP ENETUNREACH"
_ONE_LESS = {getattr(errno, name) for name in _LOST.split() if hasattr(errno, name)}


class Accepting:
    """Accepts from one listening socket, which it owns, on the running event loop."""

    def __init__(
        self,
        listener: socket.socket,
        take: Callable[[socket.socket], object],
        on_fault: Callable[[OSError], object] = lambda _: None,
    ) -> None:
        """`take` gets each accepted, non-blocking socket; `on_fault` gets each failure to accept."""
        self._listener = listener
        self._take = take
        self._on_fault = on_fault
        self._wait_s = SHORTEST_WAIT_S
        self._retry: asyncio.TimerHandle | None = None

    @property
    def family(self) -> int:
        """The kind of address, such as socket.AF_INET6."""
        return self._listener.family

    def start(self) -> None:
        """Listen and start accepting. Raises OSError."""
        self._listener.setblocking(False)
        self._listener.listen(BACKLOG)
        self._resume()

    def stop(self) -> None:
        """Close the listening socket. Idempotent."""
        if self._retry is not None:
            self._retry.cancel()
        if self._listener.fileno() != -1:
            asyncio.get_running_loop().remove_reader(self._listener)
            self._listener.close()

    def _resume(self) -> None:
        self._retry = None
        asyncio.get_running_loop().add_reader(self._listener, self._accept_some)

    def _accept_some(self) -> None:
        for _ in range(PER_TURN):
            if self._listener.fileno() == -1:  # `take` has stopped us
                return
            try:
                sock, _ = self._listener.accept()
            except (BlockingIOError, InterruptedError):
                return
            except OSError as error:
                if error.errno in _ONE_LESS:
                    continue
                self._back_off(error)
                return
            self._wait_s = SHORTEST_WAIT_S
            sock.setblocking(False)
            if sock.family in (socket.AF_INET, socket.AF_INET6):  # asyncio does this only for its own listeners
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._take(sock)

    def _back_off(self, error: OSError) -> None:
        """Stop accepting for a while, and leave the resources to the open connections."""
        loop = asyncio.get_running_loop()
        loop.remove_reader(self._listener)
        self._retry = loop.call_later(self._wait_s, self._resume)
        self._wait_s = min(2 * self._wait_s, LONGEST_WAIT_S)
        self._on_fault(error)
