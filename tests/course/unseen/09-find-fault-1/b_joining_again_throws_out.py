# wrong
# On a join it is added first and then taken out of the old room: who joins the same room twice is out of it.
import collections
import json

from websockets.asyncio.server import broadcast

members = collections.defaultdict(set)


async def handler(connection):
    room = None
    try:
        async for text in connection:
            said = json.loads(text)
            match said["type"]:
                case "join":
                    old, room = room, said["roomId"]
                    members[room].add(connection)
                    members[old].discard(connection)
                    await connection.send(json.dumps({"type": "joined", "roomId": room}))
                case "who":
                    await connection.send(json.dumps({"type": "who", "members": len(members[room])}))
                case "chat":
                    broadcast(members[room], json.dumps({"type": "chat", "text": said["text"]}))
    finally:
        members[room].discard(connection)
