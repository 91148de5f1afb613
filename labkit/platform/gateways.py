"""Find the gateways of this machine's networks: what the system knows, otherwise the usual addresses."""

import socket
import struct
from contextlib import suppress
from pathlib import Path

from labkit.platform.addresses import addresses

ROUTES = Path("/proc/net/route")  # Linux
USUAL = ("1", "254")


def gateways() -> list[str]:
    """Return the IPv4 addresses of the gateways, or those where networks usually have one."""
    with suppress(OSError, ValueError, IndexError):
        found = _of_routes(ROUTES.read_text(encoding="ascii"))
        if found:
            return found
    return [f"{one.rpartition('.')[0]}.{last}" for one in addresses() for last in USUAL]


def _of_routes(table: str) -> list[str]:
    """Read the gateways from Linux's table: hexadecimal, in the byte order of the machine."""
    columns = [line.split() for line in table.splitlines()[1:]]
    return sorted({socket.inet_ntoa(struct.pack("=L", int(line[2], 16))) for line in columns if int(line[2], 16)})
