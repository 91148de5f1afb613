"""What a client probe works with: the clients that it starts, all of which end when the probe does."""

import asyncio
from dataclasses import dataclass
from random import Random
from time import monotonic
from typing import Self

from labkit.evidence import CannotTell
from labkit.review.client.reviewed_client import ReviewedClient
from labkit.review.client.starting import Start
from labkit.review.endpoint import ConnectionEnded, ReceiveTimeout
from labkit.review.transcript import Transcript

CONTROL_RETURNS = 2
FIRST_WINDOW_S = 2.5  # a client that reconnects has usually done so by then


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientTarget:
    """The client under review, and how long to wait for it."""

    name: str  # its name in the report
    start: Start
    patience_s: float = 10.0  # for an immediate reaction; starting up is the slowest
    return_s: float = 35.0  # for a reconnect: backoff is usually capped at 30 s or less


class ClientScene:
    """The clients of one run of a probe. Use with `async with`."""

    def __init__(self, target: ClientTarget, rng: Random) -> None:
        self.target = target
        self.transcript = Transcript("")
        self._rng = rng
        self._clients: list[ReviewedClient] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await asyncio.gather(*(client.end() for client in self._clients))

    async def client(self) -> ReviewedClient:
        """Start one more client."""
        name = chr(ord("a") + len(self._clients))
        client = ReviewedClient(name, self.transcript, self._rng, self.target.patience_s, self.target.return_s)
        self._clients.append(client)
        await client.start(self.target.start)
        return client

    async def control_returned(self) -> None:
        """Close a control client with 1001 and wait for two reconnections: the others would be back by then.

        Raises CannotTell if it does not reconnect, because then it proves nothing that the others have not.
        """
        client, began, returns = await self.client(), monotonic(), 0
        try:
            connection = await client.enter()
            while returns < CONTROL_RETURNS or monotonic() - began < FIRST_WINDOW_S:
                connection.close(1001, "going away")
                connection = await client.enter()
                returns += 1
        except (ConnectionEnded, ReceiveTimeout) as instead:
            raise CannotTell(f"a client closed with 1001 did not reconnect either: {instead}") from None
