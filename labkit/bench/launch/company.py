"""Whoever is in a lab: its clients by name, and what else was entered on the background loop, until the lab ends.

    client = await company.admit("ana", Client(url, ticket))
    proxy = await company.enter("ben's network", Proxy(url))     # again: the earlier one is left first

So a cell that is run again, or interrupted half-way, leaves no socket behind.
"""

import asyncio
import contextlib
from contextlib import AbstractAsyncContextManager
from time import monotonic
from typing import Any, TypeVar

from labkit.wire.client.client import Client
from labkit.wire.client.state import ClientClosed, ClientState, Stopped

CLOSE_S = 5.0
SETTLE_S = 15.0
PASSING = (ClientState.WAITING, ClientState.CONNECTING, ClientState.AUTHENTICATING)
Entered = TypeVar("Entered")


class Company:
    """One lab's. Everything here runs on the background loop."""

    def __init__(self) -> None:
        self.clients: dict[str, Client] = {}
        self._entered: dict[str, AbstractAsyncContextManager[Any]] = {}

    async def admit(self, name: str, client: Client) -> Client:
        """Open a client; an earlier one of this name is closed first."""
        earlier = self.clients.pop(name, None)
        if earlier is not None:
            await earlier.close()
        await client.__aenter__()
        self.clients[name] = client
        return client

    async def enter(self, name: str, context: AbstractAsyncContextManager[Entered]) -> Entered:
        """Enter anything else; what was entered under this name before is left first."""
        await self.leave(name)
        entered = await context.__aenter__()
        self._entered[name] = context
        return entered

    async def leave(self, name: str) -> None:
        """Close what has this name, a client or another thing. Nothing of this name: nothing to do."""
        client, context = self.clients.pop(name, None), self._entered.pop(name, None)
        if client is not None:
            await asyncio.shield(client.close())
        if context is not None:
            await asyncio.shield(context.__aexit__(None, None, None))  # it goes on leaving when the cell is interrupted

    async def leave_all(self) -> None:
        """The newest first, then the clients, all at once."""
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
        """Until no client is on its way back, SETTLE_S at most."""
        ends = monotonic() + SETTLE_S
        while monotonic() < ends and any(client.state in PASSING for client in self.clients.values()):
            await asyncio.sleep(0.05)
