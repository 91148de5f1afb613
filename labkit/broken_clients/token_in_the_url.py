"""The token travels in the query of the URL as well, into every log on the way."""

from typing import Any

from labkit.broken_clients.planted import Planted
from labkit.wire.client.link import Link

FOUND_BY = ("entry/3",)


class Broken(Planted):
    """Our client with this fault."""

    def __init__(self, url: str, ticket: str, **options: Any) -> None:
        self.link = lambda url, *others: Link(f"{url}/?token={ticket}", *others)
        super().__init__(url, ticket, **options)
