"""The unknown type goes into the close reason; the library throws above 123 bytes, and nobody catches it."""

import re

from labkit.broken.planted import Planted, end_everybody
from labkit.wire.hub import Hub
from labkit.wire.member import Member

FOUND_BY = ("protocol/2",)


class Broken(Planted):
    """Our server with this fault."""

    def plant(self, hub: Hub) -> None:
        """The process ends, and a supervisor starts it again."""
        receive = hub.receive

        def fragile(connection: Member, raw: bytes) -> None:
            found = re.search(rb'"type":"([a-z]+)"', raw)
            if found is not None and len(found[1]) > 100:
                end_everybody(hub)
            receive(connection, raw)

        hub.receive = fragile  # type: ignore[method-assign]
