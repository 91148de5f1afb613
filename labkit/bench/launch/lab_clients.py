"""A lab's clients by name, and other contexts entered on the background loop, which all end with the lab.

    client = await clients.admit("ana", Client(url, ticket))
    proxy = await clients.enter("ben's network", Proxy(url))     # a second one with this name closes the first

A cell that is re-run, or interrupted halfway, therefore leaves no socket behind.
"""

import asyncio
import contextlib
from contextlib import AbstractAsyncContextManager
from time import monotonic
from typing import Any, TypeVar

from labkit.bench.hop import Hop
from labkit.wire.client.client import Client
from labkit.wire.client.state import ClientClosed, ClientState, Stopped

CLOSE_S = 5.0
SETTLE_S = 15.0
RECONNECTING = (ClientState.WAITING, ClientState.CONNECTING, ClientState.AUTHENTICATING)
Entered = TypeVar("Entered")


class LabClients:
    """The clients of one lab. Every method runs on the background loop."""

    def __init__(self) -> None:
        self.clients: dict[str, Client] = {}
        self._entered: dict[str, AbstractAsyncContextManager[Any]] = {}

    async def admit(self, name: str, client: Client) -> Client:
        """Open a client, after closing an earlier one of this name."""
        earlier = self.clients.pop(name, None)
        if earlier is not None:
            await earlier.close()
        await client.__aenter__()
        self.clients[name] = client
        return client

    async def enter(self, name: str, context: AbstractAsyncContextManager[Entered]) -> Entered:
        """Enter a context, after leaving an earlier one of this name."""
        await self.leave(name)
        entered = await context.__aenter__()
        self._entered[name] = context
        return entered

    def held_bytes(self) -> dict[str, int]:
        """Return how many bytes each entered hop holds, by its name."""
        return {name: hop.held_bytes for name, hop in self._entered.items() if isinstance(hop, Hop)}

    async def leave(self, name: str) -> None:
        """Close the client or context of this name, if there is one."""
        client, context = self.clients.pop(name, None), self._entered.pop(name, None)
        if client is not None:
            await asyncio.shield(client.close())
        if context is not None:
            await asyncio.shield(context.__aexit__(None, None, None))  # goes on even if the cell is interrupted

    async def leave_all(self) -> None:
        """Leave the contexts, newest first, then close all clients at once."""
        with contextlib.suppress(ClientClosed, Stopped, TimeoutError):
            async with asyncio.timeout(CLOSE_S):
                for name in reversed(list(self._entered)):
                    await self.leave(name)
        clients = list(self.clients.values())
        self.clients.clear()
        with contextlib.suppress(ClientClosed, Stopped, TimeoutError):
            async with asyncio.timeout(CLOSE_S):
                await asyncio.gather(*(client.close() for client in clients))

    async def settle(self) -> None:
        """Wait up to SETTLE_S seconds until no client is reconnecting."""
        ends = monotonic() + SETTLE_S
        while monotonic() < ends and any(client.state in RECONNECTING for client in self.clients.values()):
            await asyncio.sleep(0.05)
