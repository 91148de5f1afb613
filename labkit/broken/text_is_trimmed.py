"""Text is trimmed before it is passed on."""

from labkit.broken.planted import Planted
from labkit.wire.hub import Hub
from labkit.wire.member import Member

FOUND_BY = ("validation/6",)


class Broken(Planted):
    """Our server with this fault."""

    def plant(self, hub: Hub) -> None:
        """Take invisible characters away."""
        receive = hub.receive

        def trim(connection: Member, raw: bytes) -> None:
            receive(connection, raw.replace(rb'"text":"\u200b"', rb'"text":" "'))

        hub.receive = trim  # type: ignore[method-assign]
