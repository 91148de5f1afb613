"""The close reason gives the unknown type back, cut so that it fits."""

import re

from labkit.broken.planted import Planted
from labkit.rules.actions import Close
from labkit.rules.close_codes import CloseCode
from labkit.wire.hub import Hub
from labkit.wire.member import Member

FOUND_BY = ("secrets/2",)


class Broken(Planted):
    """Our server with this fault."""

    def plant(self, hub: Hub) -> None:
        """Write the reason with what was sent."""
        receive = hub.receive

        def telling(connection: Member, raw: bytes) -> None:
            found = re.search(rb'"type":"([a-z0-9]+)"', raw)
            if found is not None and found[1].startswith(b"marker"):
                reason = f"unsupported type: {found[1].decode()}"[:100]
                hub.order.perform(connection, Close(CloseCode.INVALID_MESSAGE, reason))
            else:
                receive(connection, raw)

        hub.receive = telling  # type: ignore[method-assign]
