# wrong
# The suppress is around the whole loop, so members behind the dead one hear nothing.
import collections
import contextlib
import json

import websockets

members = collections.defaultdict(set)


async def tell(room, message):
    with contextlib.suppress(websockets.ConnectionClosed):
        for member in list(members[room]):
            await member.send(json.dumps(message))


async def handler(connection):
    room = None
    try:
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
                    await tell(room, {"type": "chat", "text": said["text"]})
    finally:
        members[room].discard(connection)
