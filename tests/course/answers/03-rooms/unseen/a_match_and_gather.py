import asyncio
import contextlib
import json
from labkit.course.given import TOKEN, enter, messages, tell


members = {}


def gone(connection, room):
    inside = members.get(room)
    if inside is not None:
        inside.discard(connection)
        if not inside:
            del members[room]


async def serve_member(connection, user):
    async for message in messages(connection):
        match message:
            case {"type": "join", "roomId": room}:
                inside = members.setdefault(room, set())
                inside.add(connection)
                await tell(connection, type="joined", roomId=room, members=len(inside))
            case {"type": "leave", "roomId": room}:
                gone(connection, room)
                await tell(connection, type="left", roomId=room)
            case {"type": "chat", "roomId": room} if connection in members.get(room, ()):
                event = {"type": "chat", "roomId": room, "userId": user, "text": message.get("text", "")}
                await asyncio.gather(*(tell(member, **event) for member in members[room]))
            case _:
                return False
    return True


async def handler(connection):
    user = await enter(connection)
    if user is None:
        return
    try:
        clean = await serve_member(connection, user)
    finally:
        for room in list(members):
            gone(connection, room)
    if not clean:
        await connection.close(1008, "not a member")
