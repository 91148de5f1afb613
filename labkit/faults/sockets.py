"""The proxy's sockets: small buffers, no send delay, and two ways to end a connection.

The kernel doubles the requested buffer size (`man 7 socket`) and uses about half of it for its own bookkeeping.
"""

import asyncio
import contextlib
import socket
import struct
from urllib.parse import urlsplit

from labkit.platform.sockets import limit_segments

# SO_RCVBUF and SO_SNDBUF. By default they grow to 4 MB, and a sender would not notice a fault until they were full.
KERNEL_BYTES = 16 * 1024
# A segment as long as loopback's 64 KiB never fits into a receive buffer this small: a sender whose own buffer is full
# then sends only when its probe timer fires, at a sixth of the rate that a Throttle promises.
SEGMENT_BYTES = 1448  # as on Ethernet
AT_ONCE = struct.pack("ii", 1, 0)  # SO_LINGER on, 0 s: close sends RST
LINGER_S = 1.0


def keep_small(sock: socket.socket) -> socket.socket:
    """Give a socket small buffers. Sockets accepted from a listening socket inherit them."""
    sock.setblocking(False)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, KERNEL_BYTES)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, KERNEL_BYTES)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    limit_segments(sock, SEGMENT_BYTES)
    return sock


def listening() -> socket.socket:
    """Return a socket on a free loopback port, ready to listen."""
    sock = keep_small(socket.socket(socket.AF_INET, socket.SOCK_STREAM))
    sock.bind(("127.0.0.1", 0))
    return sock


async def connected(url: str) -> socket.socket:
    """Connect to the host and port of a URL. Raises OSError."""
    loop, parts = asyncio.get_running_loop(), urlsplit(url)
    refused: OSError | None = None
    for family, kind, _, _, address in await loop.getaddrinfo(parts.hostname, parts.port, type=socket.SOCK_STREAM):
        sock = keep_small(socket.socket(family, kind))
        try:
            await loop.sock_connect(sock, address)
            return sock
        except OSError as error:
            refused = error
            sock.close()
        except BaseException:
            sock.close()
            raise
    raise refused or OSError(f"no address found for {parts.hostname}")


def send_fin(sock: socket.socket) -> None:
    """Send FIN, but leave the socket open for reading."""
    with contextlib.suppress(OSError):
        sock.shutdown(socket.SHUT_WR)


def reset(sock: socket.socket) -> None:
    """Send RST. Bytes that are still in flight are lost."""
    with contextlib.suppress(OSError):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
    sock.close()


async def close_gracefully(socks: list[socket.socket]) -> None:
    """Send FIN to all, and keep reading for LINGER_S, because closing with unread bytes would send RST."""
    for sock in socks:
        send_fin(sock)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(LINGER_S):
            await asyncio.gather(*(_until_end(sock) for sock in socks))


async def _until_end(sock: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while await asyncio.get_running_loop().sock_recv(sock, KERNEL_BYTES):
            pass
