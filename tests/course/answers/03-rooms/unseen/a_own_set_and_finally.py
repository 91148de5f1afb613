import asyncio
import contextlib
import json
from labkit.course.given import TOKEN, enter, messages, tell


members = {}


async def handler(connection):
    user = await enter(connection)
    if user is None:
        return
    mine = set()
    try:
        async for message in messages(connection):
            room = message["roomId"]
            if message["type"] == "join":
                members.setdefault(room, set()).add(connection)
                mine.add(room)
                await tell(connection, type="joined", roomId=room, members=len(members[room]))
            elif message["type"] == "leave":
                members.get(room, set()).discard(connection)
                mine.discard(room)
                await tell(connection, type="left", roomId=room)
            elif room not in mine:
                await connection.close(1008, "join first")
                return
            else:
                for member in list(members[room]):
                    if member in members[room]:
                        await tell(member, type="chat", roomId=room, userId=user, text=message["text"])
    finally:
        for room in mine:
            members[room].discard(connection)
