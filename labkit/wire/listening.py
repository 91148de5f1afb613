"""A server's listening sockets: one address, both loopback addresses for `localhost`, or all addresses for `*`.

A browser may try either of the two loopback addresses first.
"""

import asyncio
import contextlib
import errno
import logging
import socket
import ssl
from collections.abc import Callable, Sequence
from time import monotonic
from typing import Any

from labkit.platform.accepting import Accepting
from labkit.platform.sockets import reset_socket, take_port
from labkit.rules.limits import Limits

_LOGGER = logging.getLogger(__name__)
LOCALHOST = "localhost"
LOOPBACKS = ("127.0.0.1", "::1") if socket.has_ipv6 else ("127.0.0.1",)
EVERYWHERE = "*"
SEVERAL = {LOCALHOST: LOOPBACKS, EVERYWHERE: ("0.0.0.0", "::") if socket.has_ipv6 else ("0.0.0.0",)}
PORTS_TRIED = 10
REPORT_EVERY_S = 1.0


class Listening:
    """One server's listening sockets. Either all of them open, or none."""

    def __init__(
        self,
        new_connection: Callable[[], asyncio.Protocol],
        limits: Limits,
        tls: ssl.SSLContext | None,
        *,
        reuse_port: bool = False,
        has_room: Callable[[int], bool] = lambda opening: True,
    ) -> None:
        """With `reuse_port`, several processes share the port, and the kernel distributes connections among them.

        `has_room` receives the number of accepted sockets that have no connection yet. If it returns False, a new
        socket is reset.
        """
        self._new_connection = new_connection
        self._limits = limits
        self._tls = tls
        self._reuse_port = reuse_port
        self._has_room = has_room
        self._listeners: list[Accepting] = []
        self._opening: set[asyncio.Task[None]] = set()
        self._failed = 0
        self._reported_at = -REPORT_EVERY_S

    async def start(self, host: str, port: int) -> int:
        """Start listening, and return the port. The kernel picks a free one for 0. Raises OSError."""
        if host not in SEVERAL:
            return await self._listen([host], port)
        for _ in range(PORTS_TRIED if port == 0 else 0):
            try:
                return await self._listen(SEVERAL[host], 0)
            except OSError as error:  # the port is free on the first address but taken on the second
                if error.errno != errno.EADDRINUSE:
                    raise
        return await self._listen(SEVERAL[host], port)

    @property
    def families(self) -> set[int]:
        """The kinds of addresses that it listens at, such as socket.AF_INET6."""
        return {listener.family for listener in self._listeners}

    def stop(self) -> None:
        """Stop accepting connections."""
        for listener in self._listeners:
            listener.stop()
        self._listeners.clear()

    async def _listen(self, hosts: Sequence[str], port: int) -> int:
        """Listen at each of the addresses that this machine has. Raises OSError if it has none of them."""
        missing: OSError | None = None
        try:
            for host in hosts:
                try:
                    port = await self._listen_at(host, port)
                except OSError as error:
                    if not _is_missing(error):
                        raise
                    missing = error
            if missing is not None and not self._listeners:
                raise missing
        except OSError:
            self.stop()
            raise
        return port

    async def _listen_at(self, host: str, port: int) -> int:
        find = asyncio.get_running_loop().getaddrinfo
        for family, *_, address in await find(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE):
            listener = self._bound(family, (address[0], port, *address[2:]))
            accepting = Accepting(listener, self._accepted, self._cannot_accept)
            self._listeners.append(accepting)
            accepting.start()
            port = listener.getsockname()[1]
        return port

    def _bound(self, family: int, address: tuple[Any, ...]) -> socket.socket:
        sock = socket.socket(family, socket.SOCK_STREAM)
        try:
            take_port(sock, shared=self._reuse_port)
            if family == socket.AF_INET6:  # otherwise :: would also claim the IPv4 addresses
                sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            if self._limits.send_buffer_bytes is not None:  # accepted sockets inherit this option
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, self._limits.send_buffer_bytes)
            sock.bind(address)
        except BaseException:
            sock.close()
            raise
        return sock

    # Accepted sockets

    def _accepted(self, sock: socket.socket) -> None:
        if not self._has_room(len(self._opening)):
            reset_socket(sock)
            return
        task = asyncio.get_running_loop().create_task(self._open(sock))
        self._opening.add(task)
        task.add_done_callback(self._opening.discard)

    async def _open(self, sock: socket.socket) -> None:
        """Start the connection, with our own TLS deadlines, because asyncio's are a minute."""
        deadlines = {}
        if self._tls is not None:
            deadlines["ssl_handshake_timeout"] = self._limits.auth_timeout_s
            deadlines["ssl_shutdown_timeout"] = self._limits.close_deadline_s
        with contextlib.suppress(OSError):  # the peer is gone, or does not use TLS
            await asyncio.get_running_loop().connect_accepted_socket(
                self._new_connection, sock, ssl=self._tls, **deadlines
            )

    def _cannot_accept(self, error: OSError) -> None:
        """Log failures to accept connections, at most once per second."""
        self._failed += 1
        if monotonic() >= self._reported_at + REPORT_EVERY_S:
            extra = {"fault": error.strerror or str(error), "times": self._failed}
            _LOGGER.warning("cannot accept connections; trying again", extra=extra)
            self._failed, self._reported_at = 0, monotonic()


def _is_missing(error: OSError) -> bool:
    """Return whether the error means that this machine does not have the address."""
    return error.errno in (None, errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)
