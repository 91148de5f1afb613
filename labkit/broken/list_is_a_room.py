"""The room's name is matched without a look at its type: a list of one is turned into its text."""

import re

from labkit.broken.planted import Planted
from labkit.wire.hub import Hub
from labkit.wire.member import Member

FOUND_BY = ("validation/4",)


class Broken(Planted):
    """Our server with this fault."""

    def plant(self, hub: Hub) -> None:
        """Take a list for what is in it, as a pattern's test does in JavaScript."""
        receive = hub.receive

        def lax(connection: Member, raw: bytes) -> None:
            receive(connection, re.sub(rb'"roomId": ?\[("[a-zA-Z0-9:_-]{1,64}")\]', rb'"roomId":\1', raw))

        hub.receive = lax  # type: ignore[method-assign]
