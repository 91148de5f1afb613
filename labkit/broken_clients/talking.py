"""A minimal program around a client, for reviews: it joins a room and publishes each line of its input."""

import asyncio
from collections.abc import AsyncIterator, Mapping

from labkit.wire.client.client import Client
from labkit.wire.client.room import ClientRoom


async def talk(client: Client, room_id: str, lines: AsyncIterator[str]) -> None:
    """Publish each line until the client stops. Raises the exception that ended the client."""
    async with client:
        room = await client.join(room_id)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(_read(room))
            async for line in lines:
                tasks.create_task(_publish(room, line))


def client_of(kind: type[Client], environment: Mapping[str, str], give_up_s: float = 10.0) -> Client:
    """Make a client with the address and token from a review's environment variables."""
    return kind(environment["LABKIT_URL"], environment["LABKIT_TOKEN"], give_up_s=give_up_s)


async def _read(room: ClientRoom) -> None:
    async for _event in room:
        pass


async def _publish(room: ClientRoom, line: str) -> None:
    await room.chat(line)
