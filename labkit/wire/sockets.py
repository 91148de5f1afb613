"""Socket operations: reset, half-close, and measuring the kernel's send buffer.

Without SO_SNDBUF, the kernel buffers 3.7 MB for a stalled reader before our own limit takes effect, and it keeps those
bytes for minutes after a normal close.
"""

import array
import asyncio
import contextlib
import socket
import struct
import sys

SIOCOUTQ = 0x5411  # bytes in the socket's send queue that the peer has not acknowledged
RESET = struct.pack("ii", 1, 0)  # SO_LINGER on, 0 s: the kernel drops its buffer and sends RST


def reset(transport: asyncio.Transport) -> None:
    """Abort a TCP connection with RST, and free the kernel's send buffer. The peer sees 1006."""
    sock: socket.socket | None = transport.get_extra_info("socket")
    if sock is not None and sock.fileno() != -1:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    transport.abort()


def reset_socket(sock: socket.socket) -> None:
    """Abort a TCP connection that has no transport yet."""
    with contextlib.suppress(OSError):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    sock.close()


def end_our_half(transport: asyncio.Transport) -> None:
    """Send EOF and keep reading. Closing with unread data would send RST, which can overtake our last data."""
    if transport.can_write_eof():
        transport.write_eof()
    else:  # TLS cannot be half-closed
        transport.close()


def kernel_bytes(sock: socket.socket | None) -> int | None:
    """Return the number of bytes in the kernel's send buffer, or None if the system does not report it."""
    if sock is None or sock.fileno() == -1 or not sys.platform.startswith("linux"):
        return None
    import fcntl

    held = array.array("i", [0])
    try:
        fcntl.ioctl(sock.fileno(), SIOCOUTQ, held)
    except OSError:
        return None
    return held[0]
