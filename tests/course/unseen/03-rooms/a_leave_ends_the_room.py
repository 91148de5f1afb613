# wrong
# leave removes the whole room and not only this connection.
import asyncio
import contextlib
import json
from labkit.course.given import TOKEN, enter, messages, tell


members = {}


async def handler(connection):
    user = await enter(connection)
    if user is None:
        return
    try:
        async for message in messages(connection):
            room = message["roomId"]
            if message["type"] == "join":
                members.setdefault(room, set()).add(connection)
                await tell(connection, type="joined", roomId=room, members=len(members[room]))
            elif message["type"] == "leave":
                if connection in members.get(room, ()):
                    members.pop(room)
                await tell(connection, type="left", roomId=room)
            elif connection not in members.get(room, ()):
                await connection.close(1008, "join first")
                return
            else:
                for member in list(members[room]):
                    await tell(member, type="chat", roomId=room, userId=user, text=message["text"])
    finally:
        for room in list(members):
            members[room].discard(connection)
