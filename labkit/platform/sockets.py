"""Socket operations that differ between systems: reset, sharing a port, writing past asyncio, the kernel's buffers.

Without SO_SNDBUF, the kernel buffers 3.7 MB for a stalled reader before our own limit takes effect, and it keeps those
bytes for minutes after a normal close.
"""

import array
import asyncio
import contextlib
import errno
import socket
import struct
import sys
from pathlib import Path

SIOCOUTQ = 0x5411  # Linux: bytes in the socket's send queue that the peer has not acknowledged
SO_NWRITE = 0x1024  # macOS: the same, from its sys/socket.h; Python has no name for it
_LINGER = "hh" if sys.platform == "win32" else "ii"
RESET = struct.pack(_LINGER, 1, 0)  # SO_LINGER on, 0 s: the kernel drops its buffer and sends RST
BALANCES_PORTS = sys.platform == "linux"
"""Whether the kernel gives each new connection to one of the processes on a port. macOS gives all to the last."""
HAS_UNIX_SOCKETS = hasattr(socket, "AF_UNIX")
NO_FD = -1
_TABLES = [Path("/proc/net/tcp"), Path("/proc/net/tcp6")]


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


def take_port(sock: socket.socket, *, shared: bool = False) -> None:
    """Set what a listening socket needs before `bind`: the port of a server that has just ended, but no other's.

    `shared`: let other processes listen at the same port. Raises OSError where the system does not balance them.
    """
    if sys.platform != "win32":  # there SO_REUSEADDR would take the port from the program that listens
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if shared and not BALANCES_PORTS:
        raise OSError(errno.ENOPROTOOPT, "this system does not share a port among servers; give each its own")
    if shared:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)


def limit_segments(sock: socket.socket, most_bytes: int) -> None:
    """Limit the length of TCP segments, before the socket connects or listens. Does nothing on Windows."""
    if sys.platform != "win32":
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, most_bytes)


def writable_fd(sock: socket.socket | None) -> int:
    """Return the descriptor that `os.write` takes; NO_FD on a system where sockets are no files."""
    return NO_FD if sock is None or sys.platform == "win32" else sock.fileno()


def kernel_bytes(sock: socket.socket | None) -> int | None:
    """Return the number of bytes in the kernel's send buffer, or None if the system does not report it."""
    if sock is None or sock.fileno() == -1:
        return None
    with contextlib.suppress(OSError):
        if sys.platform == "darwin":
            return sock.getsockopt(socket.SOL_SOCKET, SO_NWRITE)
        if sys.platform.startswith("linux"):
            return _sent_but_not_acknowledged(sock)
    return None


def _sent_but_not_acknowledged(sock: socket.socket) -> int:
    import fcntl

    held = array.array("i", [0])
    fcntl.ioctl(sock.fileno(), SIOCOUTQ, held)
    return held[0]


def unread(ours: socket.socket) -> int:
    """Return the number of bytes that the other end of a connection has received but not read; 0 if unknown.

    Works only on Linux, if the other end is on this machine.
    """
    near, far = f":{ours.getsockname()[1]:04X}", f":{ours.getpeername()[1]:04X}"
    for table in _TABLES:
        for row in table.read_text(encoding="ascii").splitlines()[1:] if table.exists() else ():
            _, local, remote, _, queues, *_ = row.split()
            if local.endswith(far) and remote.endswith(near):
                return int(queues.partition(":")[2], 16)
    return 0
