"""It enters a lobby as soon as the connection is open, before auth_ok."""

import asyncio
from typing import Any

from labkit.broken_clients.planted import Planted
from labkit.wire.client.state import ClientState

FOUND_BY = ("entry/1",)


class Broken(Planted):
    """Our client with this fault."""

    def move(self, state: ClientState, **detail: Any) -> None:
        """Take a step."""
        super().move(state, **detail)
        if state is ClientState.AUTHENTICATING:
            asyncio.get_running_loop().call_soon(self._greet)  # right behind auth

    def _greet(self) -> None:
        if self.link is not None:
            self.link.say({"type": "join", "roomId": "lobby"})
