# wrong
# Who joins another room is not taken out of the first until the connection ends.
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
                    room = said["roomId"]
                    members[room].add(connection)
                    await connection.send(json.dumps({"type": "joined", "roomId": room}))
                case "who":
                    await connection.send(json.dumps({"type": "who", "members": len(members[room])}))
                case "chat":
                    broadcast(members[room], json.dumps({"type": "chat", "text": said["text"]}))
    finally:
        for connections in members.values():
            connections.discard(connection)
