"""What we ask of the kernel: small send buffers, a hard end, and what it still holds.

Without SO_SNDBUF the kernel swallows 3.7 MB for a reader that has stopped, before our own limit begins to count; and
after a plain close it keeps them for minutes. Taught in notebook 06 (slow consumers).
"""

import array
import asyncio
import contextlib
import socket
import struct
import sys

SIOCOUTQ = 0x5411  # bytes in the socket's send queue that the peer has not acknowledged
RESET = struct.pack("ii", 1, 0)  # SO_LINGER on, 0 s: the kernel drops what it holds and sends RST


def reset(transport: asyncio.Transport) -> None:
    """End a TCP connection now, and free what the kernel holds for it. The peer sees 1006."""
    sock: socket.socket | None = transport.get_extra_info("socket")
    if sock is not None and sock.fileno() != -1:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    transport.abort()


def reset_socket(sock: socket.socket) -> None:
    """As `reset`, for a socket that has no transport yet."""
    with contextlib.suppress(OSError):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    sock.close()


def end_our_half(transport: asyncio.Transport) -> None:
    """Say that we send no more, and read on: a close with unread bytes is an RST, which overtakes our last words."""
    if transport.can_write_eof():
        transport.write_eof()
    else:  # TLS cannot be half-closed
        transport.close()


def kernel_bytes(sock: socket.socket | None) -> int | None:
    """What the kernel still holds for a peer; None where it does not say."""
    if sock is None or sock.fileno() == -1 or not sys.platform.startswith("linux"):
        return None
    import fcntl

    held = array.array("i", [0])
    try:
        fcntl.ioctl(sock.fileno(), SIOCOUTQ, held)
    except OSError:
        return None
    return held[0]
