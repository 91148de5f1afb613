import contextlib
import json
from collections import defaultdict

from websockets.exceptions import ConnectionClosed

from labkit.course.given import enter, messages


class Member:
    def __init__(self, connection, user):
        self.connection, self.user, self.rooms = connection, user, []

    async def send(self, **message):
        with contextlib.suppress(ConnectionClosed):
            await self.connection.send(json.dumps(message))


rooms = defaultdict(dict)


async def join(me, room):
    rooms[room][me] = True
    me.rooms.append(room)
    await me.send(type="joined", roomId=room, members=len(rooms[room]))


async def leave(me, room):
    rooms[room].pop(me, None)
    await me.send(type="left", roomId=room)


async def chat(me, room, text):
    if me not in rooms[room]:
        await me.connection.close(1008, "join first")
        return
    for member in tuple(rooms[room]):
        await member.send(type="chat", roomId=room, userId=me.user, text=text)


async def handler(connection):
    user = await enter(connection)
    if user is None:
        return
    me = Member(connection, user)
    try:
        async for message in messages(connection):
            if message["type"] == "chat":
                await chat(me, message["roomId"], message["text"])
            else:
                await {"join": join, "leave": leave}[message["type"]](me, message["roomId"])
    finally:
        for room in me.rooms:
            rooms[room].pop(me, None)
