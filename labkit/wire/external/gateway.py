"""The user that a gateway names in a header, after it has authenticated the request itself.

Anybody can send a header. So it counts only from addresses that the operator names, and a connection from elsewhere
that carries it is refused, whatever else it presents: it is an attack, or a gateway that nobody named.
"""

import ipaddress
import re
from collections.abc import Iterable, Sequence

from labkit.rules.grants import Grants
from labkit.wire.external.claims import NO_ROOMS, External, NotAccepted, Refusal, read_rooms, read_user, refuse

_TOKEN = re.compile(r"[A-Za-z][A-Za-z0-9-]*")
# Clients and browsers send these themselves, so a value would not be the gateway's.
_OF_CLIENTS = re.compile(
    r"(?:sec|access|accept|content|if)-.*|accept|authorization|cache-control|connection|cookie|dnt|expect|from|host|origin"
    r"|pragma|range|referer|te|transfer-encoding|upgrade|user-agent",
    re.IGNORECASE,
)
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class Gateway:
    """Reads the identity header. Raises ValueError for an address or a name that could not be trusted."""

    def __init__(
        self,
        addresses: Iterable[str],
        header: str,
        *,
        rooms_header: str | None = None,
        default_rooms: Grants = NO_ROOMS,
    ) -> None:
        """`addresses`: IP addresses, or networks such as 10.1.0.0/24. `rooms_header` names the user's rooms."""
        self._networks = [_network(address) for address in addresses]
        if not self._networks:
            raise ValueError("a gateway's header needs the gateway's address, or nobody could be believed")
        self.headers = tuple(_header(name) for name in (header, rooms_header) if name is not None)
        self._default_rooms = default_rooms

    def is_here(self, address: str) -> bool:
        """Return whether a peer's address is a gateway's."""
        try:
            found = ipaddress.ip_address(address.partition("%")[0])
        except ValueError:
            return False
        mapped = getattr(found, "ipv4_mapped", None) or found
        return any(mapped in network for network in self._networks)

    def read(self, address: str, users: Sequence[str], rooms: Sequence[str], now: float, good_for_s: float) -> External:
        """Check the values of the headers, one of which has any. Raises NotAccepted."""
        if not self.is_here(address):
            why = "a gateway's header came from an address that is not a gateway's; see --gateway"
            raise NotAccepted(Refusal(why, is_forged=True))
        if len(users) > 1 or len(rooms) > 1 or any("," in user for user in users):  # a hop may have joined several
            raise refuse("the gateway's header came more than once, so a client may have added one")
        user_id = read_user(_text(users[0]) if users else None)
        grants = read_rooms(_text(rooms[0])) if rooms else self._default_rooms
        return External(user_id, grants, now + good_for_s, now, is_binding=True)


def _network(text: str) -> Network:
    try:
        network = ipaddress.ip_network(text)
    except ValueError:
        raise ValueError(f"{text!r:.100} is no IP address and no network such as 10.1.0.0/24") from None
    if network.prefixlen == 0:
        raise ValueError(f"{text} is every address, so anybody could name any user; name the gateway's own")
    return network


def _header(name: str) -> str:
    if not _TOKEN.fullmatch(name):
        raise ValueError(f"{name!r:.100} is no name of a header; use letters, digits and -")
    if _OF_CLIENTS.fullmatch(name):
        raise ValueError(f"clients send {name} themselves; let the gateway use a header of its own, such as X-User")
    return name


def _text(value: str) -> str:
    """Return a header's text; the library has read its bytes as Latin-1. Raises NotAccepted."""
    try:
        return value.encode("latin-1").decode("utf-8")
    except UnicodeError:
        raise refuse("the gateway's header is not UTF-8") from None
