"""Find this machine's own network addresses by asking the system, without sending anything."""

import socket
import struct
import sys

SOMEWHERE_ELSE = "192.0.2.1"  # reserved for documentation (RFC 5737), so no machine has it
SIOCGIFADDR = 0xC0206921 if sys.platform == "darwin" else 0x8915  # an interface's IPv4 address
_NOT_REACHED = ("127.", "169.254.", "0.")  # loopback, and the link-local addresses of an interface without DHCP


def lan_address() -> str | None:
    """Return the address at which other machines can reach this one: the default route's, or the only one, or None."""
    return _route_address() or (addresses() if len(addresses()) == 1 else [None])[0]


def addresses() -> list[str]:
    """Return the IPv4 addresses of all interfaces except loopback."""
    found = _of_interfaces() if sys.platform != "win32" else socket.gethostbyname_ex(socket.gethostname())[2]
    return sorted({one for one in found if not one.startswith(_NOT_REACHED)})


def _route_address() -> str | None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        try:
            sock.connect((SOMEWHERE_ELSE, 9))
        except OSError:
            return None
        found = str(sock.getsockname()[0])
    return None if found.startswith(_NOT_REACHED) else found


if sys.platform != "win32":
    import fcntl

    def _of_interfaces() -> list[str]:
        found = []
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            for _, name in socket.if_nameindex():
                try:
                    answer = fcntl.ioctl(sock.fileno(), SIOCGIFADDR, struct.pack("256s", name.encode()[:15]))
                except OSError:  # an interface without an IPv4 address
                    continue
                found.append(socket.inet_ntoa(answer[20:24]))
        return found
