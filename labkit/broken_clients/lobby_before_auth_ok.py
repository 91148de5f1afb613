"""It enters a lobby as soon as the connection is open, before auth_ok."""

import asyncio
from typing import Any

from labkit.broken_clients.planted import Planted
from labkit.wire.client.state import ClientState

FOUND_BY = ("entry/1",)


class Broken(Planted):
    """Our client with this fault."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, on_state=self._moved, **options)

    def _moved(self, state: ClientState) -> None:
        if state is ClientState.AUTHENTICATING:
            asyncio.get_running_loop().call_soon(self._greet)  # right behind auth

    def _greet(self) -> None:
        self._send({"type": "join", "roomId": "lobby"})
