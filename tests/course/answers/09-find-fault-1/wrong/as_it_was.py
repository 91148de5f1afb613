# misconception: dead-member-ends-the-speaker
# caught by: dead-member
# also: ghosts two-rooms
import collections
import contextlib
import json

import websockets

members = collections.defaultdict(set)


async def tell(member, **message):
    with contextlib.suppress(websockets.ConnectionClosed):
        await member.send(json.dumps(message))


async def handler(connection):
    room = None
    async for text in connection:
        said = json.loads(text)
        if said["type"] == "join":
            room = said["roomId"]
            members[room].add(connection)
            await connection.send(json.dumps({"type": "joined", "roomId": room}))
        elif said["type"] == "who":
            await connection.send(json.dumps({"type": "who", "members": len(members[room])}))
        elif said["type"] == "chat":
            for member in members[room]:
                await member.send(json.dumps({"type": "chat", "text": said["text"]}))
    members[room].discard(connection)
