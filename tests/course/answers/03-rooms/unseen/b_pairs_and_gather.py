import asyncio

from labkit.course.given import enter, messages, tell

members = set()  # (roomId, connection)


def of(room):
    return [connection for name, connection in members if name == room]


async def join(connection, user, room, message):
    members.add((room, connection))
    await tell(connection, type="joined", roomId=room, members=len(of(room)))


async def leave(connection, user, room, message):
    members.discard((room, connection))
    await tell(connection, type="left", roomId=room)


async def chat(connection, user, room, message):
    if (room, connection) not in members:
        forget(connection)
        await connection.close(1008, "join first")
        return
    event = {"type": "chat", "roomId": room, "userId": user, "text": message.get("text", "")}
    await asyncio.gather(*(tell(member, **event) for member in of(room)))


def forget(connection):
    members.difference_update([pair for pair in members if pair[1] is connection])


ACTS = {"join": join, "leave": leave, "chat": chat}


async def handler(connection):
    user = await enter(connection)
    if user is not None:
        try:
            async for message in messages(connection):
                await ACTS[message["type"]](connection, user, message["roomId"], message)
        finally:
            forget(connection)
