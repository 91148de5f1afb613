"""The room's name is matched with $, which in Python also matches before a final newline."""

import re

from labkit.broken.planted import Planted
from labkit.wire.hub import Hub
from labkit.wire.member import Member

FOUND_BY = ("validation/4",)


class Broken(Planted):
    """Our server with this fault."""

    def plant(self, hub: Hub) -> None:
        """Take what $ takes."""
        receive = hub.receive

        def lax(connection: Member, raw: bytes) -> None:
            receive(connection, re.sub(rb'("roomId": ?"[a-zA-Z0-9:_-]{1,64})\\n"', rb'\1"', raw))

        hub.receive = lax  # type: ignore[method-assign]
