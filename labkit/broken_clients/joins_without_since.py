"""It does not say where it stopped hearing, so what was said meanwhile is lost to it."""

from typing import Any

from labkit.broken_clients.planted import Planted
from labkit.wire.client.requests import Requests

FOUND_BY = ("words/4",)


class Blank(Requests):
    """Joins as if for the first time."""

    def join(self, room_id: str, since: dict[str, Any] | None) -> None:
        """Send `join` without `since`."""
        super().join(room_id, None)


class Broken(Planted):
    """Our client with this fault."""

    requests = Blank
