"""The parser takes NaN and Infinity, as Python's json does."""

import re

from labkit.broken.planted import Planted
from labkit.wire.hub import Hub
from labkit.wire.member import Member

FOUND_BY = ("validation/10",)


class Broken(Planted):
    """Our server with this fault."""

    def plant(self, hub: Hub) -> None:
        """Read them as a number."""
        receive = hub.receive

        def lax(connection: Member, raw: bytes) -> None:
            receive(connection, re.sub(rb'"n":-?(NaN|Infinity)', b'"n":0', raw))

        hub.receive = lax  # type: ignore[method-assign]
