"""Where a server listens: one address, or both loopback addresses for `localhost`, as a browser may try either first.

Taught in notebook 01 (hello).
"""

import asyncio
import errno
import socket
import ssl
from collections.abc import Callable, Sequence
from typing import Any

from labkit.rules.limits import Limits
from labkit.wire.sockets import BACKLOG

LOCALHOST = "localhost"
LOOPBACKS = ("127.0.0.1", "::1") if socket.has_ipv6 else ("127.0.0.1",)
PORTS_TRIED = 10


class Listening:
    """The listening sockets of one server: all of them, or none."""

    def __init__(
        self,
        new_connection: Callable[[], asyncio.Protocol],
        limits: Limits,
        tls: ssl.SSLContext | None,
        *,
        reuse_port: bool = False,
    ) -> None:
        """`reuse_port` shares the port with other processes: the kernel gives each of them some connections."""
        self._new_connection = new_connection
        self._limits = limits
        self._tls = tls
        self._reuse_port = reuse_port or None
        self._listeners: list[asyncio.Server] = []

    async def start(self, host: str, port: int) -> int:
        """Listen; the port, which the kernel picks for 0. Raises OSError."""
        if host != LOCALHOST:
            return await self._listen([host], port)
        for _ in range(PORTS_TRIED if port == 0 else 0):
            try:
                return await self._listen(LOOPBACKS, 0)
            except OSError as error:  # free on the first address, which the kernel looked at, and taken on the second
                if error.errno != errno.EADDRINUSE:
                    raise
        return await self._listen(LOOPBACKS, port)

    def stop(self) -> None:
        """No new connections."""
        for listener in self._listeners:
            listener.close()
        self._listeners.clear()

    async def _listen(self, hosts: Sequence[str], port: int) -> int:
        try:
            for host in hosts:
                try:
                    port = await self._listen_at(host, port)
                except OSError as error:
                    if host == hosts[0] or not _is_missing(error):
                        raise
        except OSError:
            self.stop()
            raise
        return port

    async def _listen_at(self, host: str, port: int) -> int:
        loop = asyncio.get_running_loop()
        listener = await loop.create_server(
            self._new_connection,
            host,
            port,
            backlog=BACKLOG,
            start_serving=False,
            reuse_port=self._reuse_port,
            **self._tls_options(),
        )
        self._listeners.append(listener)
        for sock in listener.sockets:
            if self._limits.send_buffer_bytes is not None:  # accepted sockets inherit it
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, self._limits.send_buffer_bytes)
            port = sock.getsockname()[1]
        await listener.start_serving()
        return port

    def _tls_options(self) -> dict[str, Any]:
        """Silence in the middle of a TLS handshake ends as silence after it does; asyncio alone waits a minute."""
        if self._tls is None:
            return {}
        return {
            "ssl": self._tls,
            "ssl_handshake_timeout": self._limits.auth_timeout_s,
            "ssl_shutdown_timeout": self._limits.close_deadline_s,
        }


def _is_missing(error: OSError) -> bool:
    """Whether this machine has no such address; asyncio says it without a number."""
    return error.errno in (None, errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)
