import collections
import contextlib
import json

import websockets
from websockets.asyncio.server import broadcast

members = collections.defaultdict(set)


async def handler(connection):
    room = None
    try:
        with contextlib.suppress(websockets.ConnectionClosed):
            async for text in connection:
                said = json.loads(text)
                match said["type"]:
                    case "join":
                        members[room].discard(connection)
                        room = said["roomId"]
                        members[room].add(connection)
                        await connection.send(json.dumps({"type": "joined", "roomId": room}))
                    case "who":
                        await connection.send(json.dumps({"type": "who", "members": len(members[room])}))
                    case "chat":
                        broadcast(members[room], json.dumps({"type": "chat", "text": said["text"]}))
    finally:
        members[room].discard(connection)
