"""The smallest program around a client that can be reviewed: it enters a room, and says there what it is given."""

import asyncio
from collections.abc import AsyncIterator, Mapping

from labkit.wire.client.client import Client
from labkit.wire.client.room import ClientRoom


async def talk(client: Client, room_id: str, lines: AsyncIterator[str]) -> None:
    """Say each line, until the client stops. Raises what ended it."""
    async with client:
        room = await client.join(room_id)
        async with asyncio.TaskGroup() as both:
            both.create_task(_hear(room))
            async for line in lines:
                both.create_task(_say(room, line))


def client_of(kind: type[Client], environment: Mapping[str, str], give_up_s: float = 10.0) -> Client:
    """A client for the address and the token that a review gives."""
    return kind(environment["LABKIT_URL"], environment["LABKIT_TOKEN"], give_up_s=give_up_s)


async def _hear(room: ClientRoom) -> None:
    async for _event in room:
        pass


async def _say(room: ClientRoom, line: str) -> None:
    await room.chat(line)
