import contextlib
import json

from labkit.course.given import enter, messages, tell
from websockets.asyncio.server import broadcast

members = {}


@contextlib.contextmanager
def presence(connection):
    mine = set()
    try:
        yield mine
    finally:
        for room in mine:
            members[room].discard(connection)
            if not members[room]:
                del members[room]
        mine.clear()


async def handler(connection):
    user = await enter(connection)
    if user is None:
        return
    with presence(connection) as mine:
        async for message in messages(connection):
            kind, room = message["type"], message["roomId"]
            if kind == "join":
                mine.add(room)
                members.setdefault(room, set()).add(connection)
                await tell(connection, type="joined", roomId=room, members=len(members[room]))
            elif kind == "leave":
                if room in mine:
                    mine.remove(room)
                    members[room].discard(connection)
                    if not members[room]:
                        del members[room]
                await tell(connection, type="left", roomId=room)
            elif room in mine:
                event = {"type": "chat", "roomId": room, "userId": user, "text": message.get("text", "")}
                broadcast(list(members[room]), json.dumps(event))
            else:
                break
        else:
            return
    await connection.close(1008, "not a member")
