# wrong
# A list: who joins twice is counted and told twice.
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
            people = members.setdefault(room, [])
            if message["type"] == "join":
                people.append(connection)
                await tell(connection, type="joined", roomId=room, members=len(people))
            elif message["type"] == "leave":
                members[room] = [m for m in people if m is not connection]
                await tell(connection, type="left", roomId=room)
            elif connection in people:
                for member in list(people):
                    await tell(member, type="chat", roomId=room, userId=user, text=message["text"])
            else:
                await connection.close(1008, "not in room")
                return
    finally:
        for room in members:
            members[room] = [m for m in members[room] if m is not connection]
