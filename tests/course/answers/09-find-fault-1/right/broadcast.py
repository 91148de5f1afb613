import json

from websockets.asyncio.server import broadcast

rooms = {}


def leave(connection):
    for room in list(rooms):
        rooms[room].discard(connection)
        if not rooms[room]:
            del rooms[room]


async def handler(connection):
    mine = None
    try:
        async for text in connection:
            said = json.loads(text)
            if said["type"] == "join":
                leave(connection)
                mine = said["roomId"]
                rooms.setdefault(mine, set()).add(connection)
                await connection.send(json.dumps({"type": "joined", "roomId": mine}))
            elif said["type"] == "chat":
                broadcast(rooms.get(mine, ()), json.dumps({"type": "chat", "text": said["text"]}))
            elif said["type"] == "who":
                await connection.send(json.dumps({"type": "who", "members": len(rooms.get(mine, ()))}))
    finally:
        leave(connection)
