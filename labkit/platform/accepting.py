"""Accept connections: a few per event-loop iteration, with a backoff while file descriptors or memory run short.

asyncio's own listener also uses its `backlog` as the number of accepts per iteration. If file descriptors run out, a
backlog of 4,096 means 4,096 failures per iteration, each with a logged traceback and a scheduled retry.
"""

import asyncio
import errno
import socket
from collections.abc import Callable

from labkit.platform.loops import watches_sockets

BACKLOG = 4096  # with asyncio's 100, a storm of 1,000 waits seconds for SYN retries; the kernel caps it at somaxconn
PER_TURN = 32  # a member's message never waits behind more accepts than this
SHORTEST_WAIT_S, LONGEST_WAIT_S = 0.05, 1.0
# These mean that a connection was lost before it was accepted. `man 2 accept` says to treat them as "try again".
_LOST = "ECONNABORTED EPROTO ENETDOWN ENOPROTOOPT EHOSTDOWN ENONET EHOSTUNREACH EOPNOTSUPP ENETUNREACH"
_ONE_LESS = {getattr(errno, name) for name in _LOST.split() if hasattr(errno, name)}
_GONE = (64, 1236)  # Windows: ERROR_NETNAME_DELETED, ERROR_CONNECTION_ABORTED


class Accepting:
    """Accepts connections from one listening socket, on the running event loop. It owns the socket."""

    def __init__(
        self,
        listener: socket.socket,
        take: Callable[[socket.socket], object],
        on_fault: Callable[[OSError], object] = lambda _: None,
    ) -> None:
        """`take` receives each accepted socket, in non-blocking mode; `on_fault` receives each failure to accept."""
        self._listener = listener
        self._take = take
        self._on_fault = on_fault
        self._wait_s = SHORTEST_WAIT_S
        self._retry: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[None] | None = None

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
            self._pause()
            self._listener.close()

    def _resume(self) -> None:
        self._retry = None
        loop = asyncio.get_running_loop()
        if watches_sockets(loop):
            loop.add_reader(self._listener, self._accept_some)
        else:
            self._task = loop.create_task(self._accept_each())

    def _pause(self) -> None:
        loop = asyncio.get_running_loop()
        if self._task is not None:
            self._task.cancel()
        else:
            loop.remove_reader(self._listener)

    async def _accept_each(self) -> None:
        """Accept one connection per turn, where the loop reports no readiness."""
        while self._listener.fileno() != -1:
            try:
                sock, _ = await asyncio.get_running_loop().sock_accept(self._listener)
            except OSError as error:
                if _is_lost(error):
                    continue
                self._back_off(error)
                return
            self._took(sock)
            await asyncio.sleep(0)  # a loop may have completed the next accept already

    def _accept_some(self) -> None:
        for _ in range(PER_TURN):
            if self._listener.fileno() == -1:  # `take` called `stop`
                return
            try:
                sock, _ = self._listener.accept()
            except (BlockingIOError, InterruptedError):
                return
            except OSError as error:
                if _is_lost(error):
                    continue
                self._back_off(error)
                return
            self._took(sock)

    def _took(self, sock: socket.socket) -> None:
        self._wait_s = SHORTEST_WAIT_S
        sock.setblocking(False)
        if sock.family in (socket.AF_INET, socket.AF_INET6):  # asyncio does this only for its own listeners
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._take(sock)

    def _back_off(self, error: OSError) -> None:
        """Stop accepting for a while, so that the open connections get the resources."""
        loop = asyncio.get_running_loop()
        self._pause()
        self._retry = loop.call_later(self._wait_s, self._resume)
        self._wait_s = min(2 * self._wait_s, LONGEST_WAIT_S)
        self._on_fault(error)


def _is_lost(error: OSError) -> bool:
    return error.errno in _ONE_LESS or getattr(error, "winerror", None) in _GONE
